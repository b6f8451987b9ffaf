"""What the actions and conditions of executions left in Airflow's database: results, attempts, decisions."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from airflow_codepipeline.dag import decisions, rule_ledger
from airflow_codepipeline.dag.job_ledger import KEY as JOB
from airflow_codepipeline.dag.job_ledger import REFUSED, JobRecord, RefusedAttempt
from airflow_codepipeline.dag.result import XCOM_KEY, ActionResult
from airflow_codepipeline.dag.rule_attempt import RuleRecord
from airflow_codepipeline.service.rows import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy.orm import Session

_Model = TypeVar("_Model", bound=msgspec.Struct)
_OF_XCOM = (XCOM_KEY, decisions.XCOM_KEY)


@dataclass(frozen=True)
class Evidence:
    """What tasks left, by their run's id and their own; what cannot be read counts as not there."""

    values: Mapping[tuple[str, str], Mapping[str, Any]]

    def result(self, run_id: str, task_id: str) -> ActionResult | None:
        """Return what an action left that succeeded."""
        return _read(self._of(run_id, task_id).get(XCOM_KEY), ActionResult)

    def approval(self, run_id: str, task_id: str) -> Mapping[str, Any] | None:
        """Return how an approval stands: `dag.decisions.approval_xcom`; none while nobody has answered."""
        value = self._of(run_id, task_id).get(decisions.XCOM_KEY)
        return value if isinstance(value, dict) else None

    def attempts(self, run_id: str, task_id: str, generation: int) -> list[JobRecord]:
        """Return the attempts of a task, the first one first.

        :param generation: how often it had been cleared.
        """
        found = [record for record in self.all_attempts(run_id, task_id) if record.generation == generation]
        return sorted(found, key=lambda record: record.attempt)

    def all_attempts(self, run_id: str, task_id: str) -> list[JobRecord]:
        """Return the attempts of a task that are kept, however often it was cleared since; in no order."""
        kept = self._of(run_id, task_id)
        records = [_read(value, JobRecord) for key, value in kept.items() if key.partition(".")[0] == JOB]
        return [record for record in records if record is not None]

    def refusal(self, run_id: str, task_id: str, generation: int) -> str | None:
        """Return why an attempt failed that there is no record of."""
        refused = _read(self._of(run_id, task_id).get(REFUSED), RefusedAttempt)
        return refused.failure if refused is not None and refused.generation == generation else None

    def rules(self, run_id: str, task_id: str, generation: int) -> list[RuleRecord]:
        """Return the evaluations that a condition's task has begun."""
        return [record for record in self.all_rules(run_id, task_id) if record.generation == generation]

    def all_rules(self, run_id: str, task_id: str) -> list[RuleRecord]:
        """Return the newest evaluation of each rule of a condition, however often it was cleared since."""
        kept = self._of(run_id, task_id)
        records = [_read(kept[key], RuleRecord) for key in sorted(kept) if key.startswith(rule_ledger.KEY)]
        return [record for record in records if record is not None]

    def _of(self, run_id: str, task_id: str) -> Mapping[str, Any]:
        return self.values.get((run_id, task_id), {})


def read_evidence(session: Session, dag_id: str, run_ids: Sequence[str], task_ids: Iterable[str]) -> Evidence:
    """Return what some tasks of some executions left."""
    wanted = sorted(set(task_ids))
    values: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    if run_ids and wanted:
        for rows in (_xcoms, _sibling_xcoms, _task_states):
            for run_id, task_id, key, value in rows(session, dag_id, run_ids, wanted):
                values[run_id, task_id][key] = value
    return Evidence(values)


_Row = tuple[str, str, str, Any]


def _xcoms(session: Session, dag_id: str, run_ids: Sequence[str], task_ids: list[str]) -> Iterator[_Row]:
    from airflow.models.xcom import XComModel
    from sqlalchemy import select

    query = select(XComModel.run_id, XComModel.task_id, XComModel.key, XComModel.value).where(
        XComModel.dag_id == dag_id,
        XComModel.run_id.in_(run_ids),
        XComModel.task_id.in_(task_ids),
        XComModel.key.in_(_OF_XCOM),
    )
    for run_id, task_id, key, value in session.execute(query):
        yield run_id, task_id, key, plain(value)


def _sibling_xcoms(
    session: Session, dag_id: str, run_ids: Sequence[str], task_ids: list[str]
) -> Iterator[_Row]:
    """Yield what `dag.job_ledger.SiblingXComs` keeps, where Airflow has no store for tasks."""
    from airflow.models.xcom import XComModel
    from sqlalchemy import or_, select

    if _has_task_store():
        return
    query = select(XComModel.run_id, XComModel.key, XComModel.value).where(
        XComModel.dag_id == dag_id,
        XComModel.run_id.in_(run_ids),
        or_(*(XComModel.key.like(f"codepipeline\\_%/{task_id}", escape="\\") for task_id in task_ids)),
    )
    for run_id, key, value in session.execute(query):
        name, _, task_id = key.partition("/")
        yield run_id, task_id, name, plain(value)


def _task_states(
    session: Session, dag_id: str, run_ids: Sequence[str], task_ids: list[str]
) -> Iterator[_Row]:
    """Yield what Airflow's own store for tasks has (Airflow 3.3)."""
    if not _has_task_store():
        return
    from airflow.models.task_state_store import TaskStateStoreModel as Kept
    from sqlalchemy import select

    query = select(Kept.run_id, Kept.task_id, Kept.key, Kept.value).where(
        Kept.dag_id == dag_id, Kept.run_id.in_(run_ids), Kept.task_id.in_(task_ids)
    )
    for run_id, task_id, key, value in session.execute(query):
        yield run_id, task_id, key, json.loads(value)


def _has_task_store() -> bool:
    return find_spec("airflow.models.task_state_store") is not None


def _read(value: Any, model: type[_Model]) -> _Model | None:
    try:
        return None if value is None else msgspec.convert(value, model)
    except msgspec.ValidationError:
        return None
