"""An execution of a small pipeline, and what is told of it."""

from __future__ import annotations

from typing import Any

from airflow_codepipeline.definition.extension import NotificationRule
from airflow_codepipeline.definition.model import ActionTypeId
from airflow_codepipeline.events.change import Change
from airflow_codepipeline.events.look import Look, Outcome, StageLook
from airflow_codepipeline.events.subject import (
    ArtifactPlace,
    CommitPlace,
    ReportedAction,
    ReportedStage,
    Subject,
)
from airflow_codepipeline.execution.start import Trigger

AT = "2026-03-01T12:00:00.123456+00:00"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:releases"
APP = ArtifactPlace(name="App", bucket="store", key="shop/App/1.zip", revision="a" * 40)
OUTCOMES = {
    "Source/Take": Outcome(
        external_execution_id="a" * 40,
        external_execution_url="https://git.test/a",
        summary="Fix it",
        artifacts=(APP,),
        variables={"BranchName": "main"},
    )
}


def action(name: str, category: str = "Build", provider: str = "CodeBuild", **more: Any) -> ReportedAction:
    return ReportedAction(name=name, type=ActionTypeId(category=category, provider=provider), **more)


def subject(**more: Any) -> Subject:
    source = action(
        "Take", "Source", "GitHub", commit=CommitPlace(connection="github", repository="acme/shop")
    )
    values: dict[str, Any] = {
        "dag_id": "shop",
        "run_id": "one",
        "home": "Source.exit",
        "attempt": 1,
        "pipeline": "shop",
        "execution_id": "one",
        "version": 3,
        "started": AT,
        "trigger": Trigger(trigger_type="Webhook", trigger_detail="arn:of:a:webhook"),
        "stages": (
            ReportedStage(name="Source", actions=(source,)),
            ReportedStage(
                name="Build",
                actions=(
                    action("Compile", inputs=("App",), region="us-east-1"),
                    action("Ok", "Approval", "Manual", run_order=2),
                ),
            ),
        ),
        "region": "eu-west-1",
        "role_arn": "arn:aws:iam::123456789012:role/shop",
    }
    return Subject(**values | more)


def rule(*events: str, **more: Any) -> NotificationRule:
    return NotificationRule(
        target=TOPIC, events=tuple(f"codepipeline-pipeline-{event}" for event in events), **more
    )


def change(level: Any, state: str, stage: str = "", name: str = "", **more: Any) -> Change:
    return Change(level=level, state=state, at=AT, attempt=1, stage=stage, action=name, **more)


def look(run: str = "running", *, attempt: int = 1, seen: bool = False, **stages: dict[str, Any]) -> Look:
    """A look at the stages that are named; the states of the actions among the others of a stage."""
    made = []
    for name, states in stages.items():
        own = {key: states.pop(key) for key in [*states] if key in StageLook.__struct_fields__}
        made.append(StageLook(name=name, actions=states, **own))
    return Look(at=AT, attempt=attempt, run=run, seen=seen, stages=tuple(made))


def told(changes: list[Change]) -> list[str]:
    """What happened to what, a line each."""
    lines = []
    for one in changes:
        what = "/".join(filter(None, (one.stage, one.action))) or "pipeline"
        lines.append(f"{what} {'asks' if one.asked else one.state}")
    return lines
