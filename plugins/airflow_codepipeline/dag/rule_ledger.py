"""Where a condition's task keeps what it started for its rules, so that no crash starts it twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.dag.job_ledger import SiblingXComs
from airflow_codepipeline.dag.names import exit_id
from airflow_codepipeline.dag.rule_attempt import RuleRecord
from airflow_codepipeline.dag.wire import to_json_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.dag.condition_declaration import ConditionDeclaration
    from airflow_codepipeline.dag.job_ledger import Store

KEY = "codepipeline_rule"


class RuleLedger:
    """The evaluations of one condition's rules; those from before its task was cleared do not count.

    :param context: Airflow's context of the task.
    """

    def __init__(self, context: Mapping[str, Any], declaration: ConditionDeclaration) -> None:
        ti = context["ti"]
        self.generation: int = ti.max_tries - (context["task"].retries or 0)
        self._rules = declaration.rules
        exit_task = exit_id(declaration.stage.name)
        self._store: Store = context.get("task_state_store") or SiblingXComs(ti, exit_task)

    def current(self, index: int) -> RuleRecord | None:
        """Return the evaluation of the rule at that place of the condition, or none."""
        value = self._store.get(f"{KEY}_{index}")
        record = None if value is None else msgspec.convert(value, RuleRecord)
        if record is None or record.generation != self.generation or record.rule != self._rules[index].name:
            return None
        return record

    def save(self, index: int, record: RuleRecord) -> RuleRecord:
        """Store an evaluation before anything depends on it."""
        self._store.set(f"{KEY}_{index}", to_json_value(record))
        return record
