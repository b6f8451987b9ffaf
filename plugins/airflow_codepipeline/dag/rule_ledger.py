"""Where a condition's task keeps what it started for its rules, so that no crash starts it twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.dag.job_ledger import generation_of, store_of
from airflow_codepipeline.dag.rule_attempt import RuleRecord
from airflow_codepipeline.dag.wire import to_json_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.dag.condition_declaration import ConditionDeclaration

KEY = "codepipeline_rule"


class RuleLedger:
    """The evaluations of one condition's rules; those from before its task was cleared do not count.

    :param context: Airflow's context of the task.
    """

    def __init__(self, context: Mapping[str, Any], declaration: ConditionDeclaration) -> None:
        self.generation = generation_of(context)
        self._rules = declaration.rules
        self._store = store_of(context, declaration.stage)

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
