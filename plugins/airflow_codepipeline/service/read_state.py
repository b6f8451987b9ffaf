"""GetPipelineState: how a pipeline stands, stage by stage.

Source: CodePipeline API reference, StageState. A stage shows the execution that entered it last. In PARALLEL
mode no execution is the stage's own, and it shows none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.dag import names
from airflow_codepipeline.execution.standing import stage_status
from airflow_codepipeline.execution.status import PipelineExecutionStatus, StageExecutionStatus
from airflow_codepipeline.execution.transition import ENABLED, TransitionState
from airflow_codepipeline.service.action_execution import present
from airflow_codepipeline.service.evidence import Evidence, read_evidence
from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.read_actions import ActionPlace
from airflow_codepipeline.service.read_conditions import STATE_MEMBERS, ConditionPlace
from airflow_codepipeline.service.read_executions import execution_type
from airflow_codepipeline.service.snapshot import load_executions
from airflow_codepipeline.service.transitions import read_transitions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from airflow_codepipeline.definition.model import Action, Stage
    from airflow_codepipeline.service.action_execution import ActionExecution
    from airflow_codepipeline.service.pipelines import DeclaredPipeline
    from airflow_codepipeline.service.snapshot import ExecutionSnapshot

_MOST_WAITING = 100
"""How many executions under way are looked at; CodePipeline allows 50."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What is known of a pipeline at one moment.

    :param occupants: the execution that entered a stage last, by the stage.
    :param waiting: those under way, the oldest first.
    """

    occupants: dict[str, ExecutionSnapshot]
    waiting: list[ExecutionSnapshot]
    transitions: dict[str, TransitionState]
    evidence: Evidence


def get_pipeline_state(
    session: Session,
    user_name: str,  # noqa: ARG001 - the same for every operation
    *,
    pipeline_name: str,
) -> dict[str, Any]:
    """Return how a pipeline stands.

    :raises Refusal: there is no such pipeline.
    """
    pipeline = find_pipeline(session, pipeline_name)
    look = _look(session, pipeline)
    created, updated = _dates(session, pipeline)
    state = {
        "pipelineName": pipeline_name,
        "pipelineVersion": pipeline.version,
        "stageStates": [_stage_state(look, stage) for stage in pipeline.declaration.stages],
        "created": created,
        "updated": updated,
    }
    return present(state)


def _look(session: Session, pipeline: DeclaredPipeline) -> _Look:
    transitions = read_transitions(session, pipeline.dag_id)
    if pipeline.declaration.execution_mode == "PARALLEL":
        return _Look({}, [], transitions, Evidence({}))
    inside = _last_entered(session, pipeline)
    open_runs = _open(session, pipeline)
    executions = {
        execution.run.run_id: execution
        for execution in load_executions(session, pipeline, [*dict.fromkeys([*open_runs, *inside.values()])])
    }
    shown = set(inside.values())
    return _Look(
        occupants={stage: executions[run_id] for stage, run_id in inside.items()},
        waiting=[executions[run_id] for run_id in open_runs],
        transitions=transitions,
        evidence=read_evidence(session, pipeline.dag_id, sorted(shown), _tasks(pipeline.declaration.stages)),
    )


def _last_entered(session: Session, pipeline: DeclaredPipeline) -> dict[str, str]:
    """Return the run that entered a stage last, by the stage: the newest, for nobody overtakes."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import select

    found = {}
    for stage in pipeline.declaration.stages:
        query = (
            select(DagRun.run_id)
            .join(
                TaskInstance,
                (TaskInstance.dag_id == DagRun.dag_id) & (TaskInstance.run_id == DagRun.run_id),
            )
            .where(
                DagRun.dag_id == pipeline.dag_id,
                TaskInstance.task_id == names.enter_id(stage.name),
                TaskInstance.state.in_(("success", "failed")),
            )
            .order_by(DagRun.id.desc())
            .limit(1)
        )
        run_id = session.scalar(query)
        if run_id is not None:
            found[stage.name] = run_id
    return found


def _open(session: Session, pipeline: DeclaredPipeline) -> list[str]:
    from airflow.models.dagrun import DagRun
    from sqlalchemy import select

    query = (
        select(DagRun.run_id)
        .where(DagRun.dag_id == pipeline.dag_id, DagRun.state.in_(("queued", "running")))
        .order_by(DagRun.id)
        .limit(_MOST_WAITING)
    )
    return list(session.scalars(query))


def _dates(session: Session, pipeline: DeclaredPipeline) -> tuple[datetime | None, datetime | None]:
    """Return when the first version of a pipeline was made, and when this one was."""
    from airflow.models.dag_version import DagVersion
    from sqlalchemy import func, select

    query = select(func.min(DagVersion.created_at), func.max(DagVersion.created_at)).where(
        DagVersion.dag_id == pipeline.dag_id
    )
    created, updated = session.execute(query).one()
    return created, updated


def _tasks(stages: Iterable[Stage]) -> list[str]:
    return [
        task
        for stage in stages
        for task in (
            *(names.task_id(stage.name, action.name) for action in stage.actions),
            *(names.condition_id(stage.name, hook) for hook in STATE_MEMBERS),
        )
    ]


def _stage_state(look: _Look, stage: Stage) -> dict[str, Any]:
    occupant = look.occupants.get(stage.name)
    inbound = [_inbound(execution) for execution in look.waiting if execution.stage(stage.name).is_waiting]
    state = {
        "stageName": stage.name,
        "inboundExecution": inbound[-1] if inbound else None,
        "inboundExecutions": inbound,
        "inboundTransitionState": _transition(look.transitions.get(stage.name, ENABLED)),
        "actionStates": [_action_state(look, stage.name, action, occupant) for action in stage.actions],
    }
    if occupant is not None:
        state |= _of_occupant(look, stage.name, occupant)
    return present(state)


def _of_occupant(look: _Look, stage: str, occupant: ExecutionSnapshot) -> dict[str, Any]:
    status = stage_status(occupant.stage(stage)) or StageExecutionStatus.IN_PROGRESS
    retries = occupant.retries(stage)
    metadata = {
        "autoStageRetryAttempt": retries.auto_stage_retry_attempt or None,
        "manualStageRetryAttempt": retries.manual_stage_retry_attempt or None,
        "latestRetryTrigger": retries.latest_retry_trigger,
    }
    conditions = {
        member: ConditionPlace(occupant, stage, hook, look.evidence).state()
        for hook, member in STATE_MEMBERS.items()
    }
    return conditions | {
        "latestExecution": _execution(occupant, status),
        "retryStageMetadata": present(metadata) or None,
    }


def _inbound(execution: ExecutionSnapshot) -> dict[str, Any]:
    stopping = execution.status() is PipelineExecutionStatus.STOPPING
    return _execution(
        execution, StageExecutionStatus.STOPPING if stopping else StageExecutionStatus.IN_PROGRESS
    )


def _execution(execution: ExecutionSnapshot, status: StageExecutionStatus) -> dict[str, Any]:
    return {
        "pipelineExecutionId": execution.execution_id,
        "status": status.value,
        "type": execution_type(execution),
    }


def _transition(state: TransitionState) -> dict[str, Any]:
    return present(
        {
            "enabled": state.enabled,
            "lastChangedBy": state.last_changed_by,
            "lastChangedAt": datetime.fromisoformat(state.last_changed_at) if state.last_changed_at else None,
            "disabledReason": state.disabled_reason,
        }
    )


def _action_state(
    look: _Look, stage: str, action: Action, occupant: ExecutionSnapshot | None
) -> dict[str, Any]:
    latest = ActionPlace(occupant, stage, action, look.evidence).latest() if occupant else None
    state: dict[str, Any] = {"actionName": action.name}
    if latest is None:
        return state
    return present(state | {"latestExecution": latest.state()} | _revision(latest))


def _revision(latest: ActionExecution) -> dict[str, Any]:
    """Return the revision that a source action took."""
    artifacts = latest.result.artifacts if latest.result else ()
    taken = next((artifact for artifact in artifacts if artifact.revision_id), None)
    if latest.action.action_type_id.category != "Source" or taken is None:
        return {}
    identifier = taken.revision_id or ""
    revision = {
        "revisionId": identifier,
        "revisionChangeId": identifier[:100],
        "created": latest.changed,
    }
    return {"currentRevision": present(revision), "revisionUrl": taken.revision_url}
