"""Where an action's task keeps what it started, so that no crash starts it twice.

A task's own XComs are wiped when it starts again, so they cannot hold it. Airflow 3.3 has a store for
each task instance that survives retries and clears; before 3.3 the XComs of the stage's exit task serve:
no worker ever runs that task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from airflow_codepipeline.actions.base import ActionContext, Job
from airflow_codepipeline.dag.masking import masked, unmasked
from airflow_codepipeline.dag.names import exit_id
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.definition.layout import lay_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.dag.wiring import ActionDeclaration
    from airflow_codepipeline.definition.model import Stage

KEY = "codepipeline_job"
REFUSED = "codepipeline_refused"
"""The key of a `RefusedAttempt`."""
FAILURE = "failure"
"""The XCom of a task whose action has failed: why, in the words of `Failure`, and what ran outside."""
URL_KEY = "external_execution_url"
"""The XCom of a task whose job has started: where people see that."""


class JobRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attempt at an action.

    :param generation: how often the task had been cleared when the attempt began.
    :param attempt: the number of the attempt within the generation, from 1.
    :param deadline: when the action times out, ISO 8601.
    :param job: what was started; none until the service has answered.
    :param failure: why the attempt failed; none while it has not.
    """

    generation: int
    attempt: int
    context: ActionContext
    deadline: str
    job: Job | None = None
    failure: str | None = None


lay_out(JobRecord)


class RefusedAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt that failed before there was anything to keep of it: a variable had no value."""

    generation: int
    failure: str


class Failure(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Why an action has failed, for whoever has no access to its store.

    :param failure: as the log of its task words it.
    """

    failure: str
    action_execution_id: str | None = None
    external_execution_id: str | None = None
    external_execution_url: str | None = None


class Store(Protocol):
    """A small key-value store of one task instance."""

    def get(self, key: str) -> Any:
        """Return a value, or none."""

    def set(self, key: str, value: Any) -> None:
        """Store a JSON value."""


class JobLedger:
    """The attempts of one task instance; those from before it was cleared do not count.

    Secrets are not stored: they are taken from the declaration again.

    :param context: Airflow's context of the task.
    :param declaration: the action that the task carries out.
    """

    store: Store
    """Where they are kept; survives retries and clears."""

    def __init__(self, context: Mapping[str, Any], declaration: ActionDeclaration) -> None:
        self.generation = generation_of(context)
        self._ti = context["ti"]
        self._declared = declaration.action.configuration
        self.store = store_of(context, declaration.stage)
        self._stored: Any = None

    def current(self) -> JobRecord | None:
        """Return the newest attempt, or none."""
        value = self._stored = self.store.get(KEY)
        record = None if value is None else msgspec.convert(value, JobRecord)
        if record is None or record.generation != self.generation:
            return None
        return _configured(record, unmasked(record.context.action.configuration, self._declared))

    def save(self, record: JobRecord) -> JobRecord:
        """Store an attempt before anything depends on it; return it as it is, secrets included.

        The attempt that it follows is kept under a key of its own, for the history of the action.
        """
        value = to_json_value(_configured(record, masked(record.context.action.configuration)))
        before = self._stored
        if before is not None and _number(before) != _number(value):
            self.store.set("{}.{}.{}".format(KEY, *_number(before)), before)
        self._stored = value
        self.store.set(KEY, value)
        if record.failure is not None:
            self.leave_failure(record.failure, record)
        return record

    def refuse(self, failure: str) -> None:
        """Store why an attempt failed that there is no record of."""
        self.store.set(REFUSED, to_json_value(RefusedAttempt(generation=self.generation, failure=failure)))
        self.leave_failure(failure)

    def leave_failure(self, failure: str, record: JobRecord | None = None) -> None:
        """Leave why the action has failed as an XCom of its task, until that begins again.

        :param record: the attempt; none where there is no record of it.
        """
        left = Failure(failure=failure)
        if record is not None:
            left = Failure(
                failure=failure,
                action_execution_id=record.context.action_execution_id,
                external_execution_id=record.job.external_execution_id if record.job else None,
                external_execution_url=record.job.external_execution_url if record.job else None,
            )
        self._ti.xcom_push(key=FAILURE, value=to_json_value(left))


def generation_of(context: Mapping[str, Any]) -> int:
    """Return how often a task had been cleared when this try of it began."""
    cleared: int = context["ti"].max_tries - (context["task"].retries or 0)
    return cleared


def store_of(context: Mapping[str, Any], stage: Stage) -> Store:
    """Return where a task of a stage keeps what is to survive its tries.

    :param context: Airflow's context of the task.
    """
    return context.get("task_state_store") or SiblingXComs(context["ti"], exit_id(stage.name))


def _number(record: Mapping[str, Any]) -> tuple[int, int]:
    return record["generation"], record["attempt"]


def _configured(record: JobRecord, configuration: dict[str, str]) -> JobRecord:
    action = msgspec.structs.replace(record.context.action, configuration=configuration)
    context = msgspec.structs.replace(record.context, action=action)
    return msgspec.structs.replace(record, context=context)


class SiblingXComs:
    """The store before Airflow 3.3: XComs of another task of the run."""

    def __init__(self, ti: Any, sibling: str) -> None:
        self._ti = ti
        self._at = {"dag_id": ti.dag_id, "run_id": ti.run_id, "task_id": sibling, "map_index": -1}

    def get(self, key: str) -> Any:
        """Return a value, or none."""
        from airflow.sdk.execution_time.xcom import XCom

        return XCom.get_one(key=self._own(key), **self._at)

    def set(self, key: str, value: Any) -> None:
        """Store a JSON value."""
        from airflow.sdk.execution_time.xcom import XCom

        XCom.set(key=self._own(key), value=value, **self._at)

    def _own(self, key: str) -> str:
        return f"{key}/{self._ti.task_id}"
