"""Pipelines for the machine: as declarations, and as the model has them."""

from __future__ import annotations

from typing import Any

import msgspec

from airflow_codepipeline.definition.model import Pipeline
from execution.codepipeline_model import StageSpec

_SOURCE = StageSpec("Source", (("Take", "Look"),))

SHAPES: dict[str, tuple[StageSpec, ...]] = {
    "plain": (
        _SOURCE,
        StageSpec("Build", (("A", "B"), ("C",))),
        StageSpec("Deploy", (("Approve",), ("Out",))),
    ),
    "conditions": (
        StageSpec("Source", (("Take",),), success="FAIL"),
        StageSpec("Build", (("A", "B"),), before="FAIL", success="FAIL"),
        StageSpec("Deploy", (("Out",), ("Check",)), before="SKIP"),
    ),
    "retries": (
        StageSpec("Source", (("Take",),), failure="RETRY"),
        StageSpec("Build", (("A", "B"), ("C",)), failure="RETRY"),
        StageSpec(
            "Deploy", (("Out",), ("Check",)), failure="RETRY", failure_rules=True, retry_mode="ALL_ACTIONS"
        ),
    ),
    "rollbacks": (
        _SOURCE,
        StageSpec("Build", (("A",),), success="ROLLBACK", failure="ROLLBACK"),
        StageSpec("Deploy", (("Out", "Check"),), before="FAIL", failure="ROLLBACK", failure_rules=True),
    ),
}


def shapes_of(mode: str) -> list[str]:
    """Return the shapes that a mode allows: ROLLBACK results are illegal in PARALLEL mode (§3.1)."""
    return [name for name in SHAPES if mode != "PARALLEL" or name != "rollbacks"]


def pipeline_of(stages: tuple[StageSpec, ...], mode: str) -> Pipeline:
    """Return the declaration of a shape."""
    declared = {"name": "shop", "executionMode": mode, "stages": [_stage(stage) for stage in stages]}
    return msgspec.convert(declared, Pipeline)


def _stage(stage: StageSpec) -> dict[str, Any]:
    declared: dict[str, Any] = {
        "name": stage.name,
        "actions": [
            _action(stage.name, action, order)
            for order, group in enumerate(stage.groups, start=1)
            for action in group
        ],
    }
    if stage.before:
        declared["beforeEntry"] = {"conditions": [_condition(stage.before)]}
    if stage.success:
        declared["onSuccess"] = {"conditions": [_condition(stage.success)]}
    if stage.failure:
        retry = {"retryConfiguration": {"retryMode": stage.retry_mode}} if stage.failure == "RETRY" else {}
        conditions = {"conditions": [_condition(None)]} if stage.failure_rules else {}
        declared["onFailure"] = {"result": stage.failure} | retry | conditions
    return declared


def _condition(result: str | None) -> dict[str, Any]:
    rule = {"name": "Rule", "ruleTypeId": {"provider": "VariableCheck"}}
    return {"rules": [rule]} | ({"result": result} if result else {})


def _action(stage: str, name: str, order: int) -> dict[str, Any]:
    category, provider = {
        "Source": ("Source", "S3"),
        "Build": ("Build", "CodeBuild"),
        "Deploy": ("Deploy", "S3"),
    }[stage]
    if name == "Approve":
        category, provider = "Approval", "Manual"
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind, "runOrder": order}
