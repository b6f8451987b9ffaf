"""OverrideStageCondition: an execution goes on although a condition was not met."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.execution.override import check_override, is_evaluated, tasks_of_override
from airflow_codepipeline.execution.records import AGAIN, Again, Override, override_key
from airflow_codepipeline.service.acting import leave_mark, newer_has_entered, now, run_again
from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.retry import refuse_at_the_end
from airflow_codepipeline.service.snapshot import find_execution
from airflow_codepipeline.service.updates import is_outdated

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from airflow_codepipeline.definition.model import Result, Stage
    from airflow_codepipeline.execution.records import Hook


def override_stage_condition(
    session: Session,
    user_name: str,
    *,
    pipeline_name: str,
    stage_name: str,
    pipeline_execution_id: str,
    condition_type: Hook,
) -> dict[str, Any]:
    """Set the result of a stage's condition aside.

    :raises Refusal: it cannot be overridden.
    """
    latest = find_pipeline(session, pipeline_name)
    execution = find_execution(session, latest, pipeline_execution_id, lock=True)
    stage = execution.stage(stage_name)
    check_override(
        stage,
        condition_type,
        _result(execution.pipeline.stage(stage_name), condition_type),
        newer_entered=newer_has_entered(session, execution, stage_name),
        outdated=is_outdated(execution, latest),
    )
    refuse_at_the_end(execution)
    leave_mark(session, execution, stage_name, override_key(condition_type), Override(by=user_name, at=now()))
    if not is_evaluated(stage, condition_type):
        leave_mark(session, execution, stage_name, AGAIN, Again(cleared=execution.run.clear_number + 1))
    run_again(session, execution, stage_name, tasks_of_override(stage, condition_type))
    return {}


def _result(stage: Stage, hook: Hook) -> Result | None:
    declared = stage.before_entry if hook == "BEFORE_ENTRY" else stage.on_success
    return declared.conditions[0].result if declared and declared.conditions else None
