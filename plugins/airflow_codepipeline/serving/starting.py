"""How a task starts an execution: it has no database, so Airflow's supervisor creates the run for it.

The run id is made from a token, so that a start that is asked for again, after whatever crash, is refused by
Airflow. Its logical date is now, and the run takes its place in the order of executions when it is created.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.dag.names import dag_id
from airflow_codepipeline.errors import CodePipelineError
from airflow_codepipeline.execution.run_conf import conf_of, run_id_of
from airflow_codepipeline.execution.start import check_start, check_token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_codepipeline.definition.model import Pipeline
    from airflow_codepipeline.execution.start import Trigger

_TRIES = 10
"""How many runs of one pipeline may be created at the same microsecond."""


class NotStartedError(CodePipelineError):
    """Airflow did not create the run: it may be asked again with the same token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """An execution that is there.

    :param anew: whether it was started now; else the same token had started it before.
    """

    execution_id: str
    anew: bool


def start_from_task(
    pipeline: Pipeline,
    *,
    token: str | None,
    trigger: Trigger,
    variables: Sequence[Mapping[str, Any]] = (),
    source_revisions: Sequence[Mapping[str, Any]] = (),
) -> Started:
    """Start an execution from a task that runs on a worker; the same token gives the same execution.

    Where the pipeline's DAG is paused, or has as many runs as it may have, the run waits for its turn.

    :param token: 1 to 128 letters, digits and hyphens; none: it is a start of its own.
    :param variables: `[{"name": …, "value": …}]`.
    :param source_revisions: `[{"actionName": …, "revisionType": …, "revisionValue": …}]`.
    :raises Refusal: it can never be started so.
    :raises NotStartedError: Airflow does not know the pipeline's DAG, or did not answer.
    """
    check_token(token)
    start = check_start(pipeline, variables, source_revisions)
    return _create(dag_id(pipeline.name), token, conf_of(start, trigger))


def _create(dag: str, token: str | None, conf: dict[str, Any]) -> Started:
    """Create the run. A pipeline has one run of a date: of two at the same instant one is a bit later."""
    run_id, now = run_id_of(dag, token), datetime.now(UTC)
    for later in range(_TRIES):
        date = now + timedelta(microseconds=later)
        why = _trigger(dag, run_id, date, conf)
        if why is None:
            return Started(execution_id=run_id, anew=True)
        if _count(dag, run_ids=[run_id]):
            return Started(execution_id=run_id, anew=False)
        if not _count(dag, logical_dates=[date]):
            raise NotStartedError(f"Airflow did not create the run {run_id} of the DAG {dag}: {why}")
    raise NotStartedError(f"The DAG {dag} has runs at {now} and at each of the next {_TRIES} microseconds.")


def _trigger(dag: str, run_id: str, date: datetime, conf: dict[str, Any]) -> str | None:
    """Ask for the run; return why there is none, if so.

    Airflow says of a run id that is taken that the run exists, and of a date that is taken that it failed.
    """
    from airflow.sdk.exceptions import AirflowRuntimeError
    from airflow.sdk.execution_time.comms import ErrorResponse, TriggerDagRun

    try:
        answer = _ask(TriggerDagRun(dag_id=dag, run_id=run_id, logical_date=date, conf=conf))
    except AirflowRuntimeError as error:
        return str(error)
    return str(answer.error) if isinstance(answer, ErrorResponse) else None


def _count(dag: str, **which: Any) -> int:
    """Return how many runs there are of these.

    :raises NotStartedError: Airflow does not say.
    """
    from airflow.sdk.exceptions import AirflowRuntimeError
    from airflow.sdk.execution_time.comms import DRCount, GetDRCount

    try:
        answer = _ask(GetDRCount(dag_id=dag, **which))
    except AirflowRuntimeError as error:
        raise NotStartedError(f"Airflow does not say which runs the DAG {dag} has: {error}") from error
    if not isinstance(answer, DRCount):
        raise NotStartedError(f"Airflow does not say which runs the DAG {dag} has: {answer}")
    return answer.count


def _ask(message: Any) -> Any:
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

    return SUPERVISOR_COMMS.send(message)
