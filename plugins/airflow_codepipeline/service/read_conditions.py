"""The conditions of a stage and their rules, as the API shows them.

Source: CodePipeline API reference, StageConditionState, RuleState and RuleExecutionDetail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.action_operator import ENGINE_RETRIES
from airflow_codepipeline.execution.conditions import (
    ConditionHook,
    ConditionStatus,
    RuleStatus,
    condition_of,
)
from airflow_codepipeline.execution.records import override_key
from airflow_codepipeline.execution.status import UNDER_WAY
from airflow_codepipeline.service.action_execution import present

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from airflow_codepipeline.dag.rule_attempt import RuleRecord
    from airflow_codepipeline.definition.model import Rule
    from airflow_codepipeline.service.evidence import Evidence
    from airflow_codepipeline.service.rows import TaskRow
    from airflow_codepipeline.service.snapshot import ExecutionSnapshot

STATE_MEMBERS: dict[ConditionHook, str] = {
    "BEFORE_ENTRY": "beforeEntryConditionState",
    "ON_SUCCESS": "onSuccessConditionState",
    "ON_FAILURE": "onFailureConditionState",
}
"""The members of a StageState, by the hook that each is about."""
_ENDED = frozenset({"success", "failed"})


@dataclass(frozen=True, slots=True)
class ConditionPlace:
    """A condition of a stage in an execution, and what is known of it."""

    execution: ExecutionSnapshot
    stage: str
    hook: ConditionHook
    evidence: Evidence

    @property
    def task_id(self) -> str:
        """The id of the task that evaluates it."""
        return names.condition_id(self.stage, self.hook)

    @property
    def task(self) -> TaskRow | None:
        """That task; none where it has not begun since it was cleared last, or there is none."""
        task = self.execution.tasks.get(self.task_id)
        if task is None:
            return None
        begun = task.state in _ENDED or task.state in UNDER_WAY or task.goes_on
        return task if begun or self._is_abandoned(task) else None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Its rules, as declared."""
        condition = condition_of(self.execution.pipeline.stage(self.stage), self.hook)
        return condition.rules if condition else ()

    def state(self) -> dict[str, Any] | None:
        """Return it as GetPipelineState shows it; none where it has not been evaluated."""
        task = self.task
        if task is None or not self.rules:
            return None
        changed = task.end_date or task.start_date
        latest = {"status": self._status(task).value, "summary": self._summary(task)}
        condition = {
            "latestExecution": present(latest | {"lastStatusChange": changed}),
            "ruleStates": [self._rule_state(rule, task, changed) for rule in self.rules],
        }
        return {"latestExecution": present(latest), "conditionStates": [condition]}

    def details(self, version: int) -> list[dict[str, Any]]:
        """Return the evaluations of its rules as ListRuleExecutions lists them.

        :param version: of the pipeline that they ran in.
        """
        task = self.task
        if task is None:
            return []
        return [self._detail(rule, task, version) for rule in self.rules if self._execution(rule, task)]

    def _rule_state(self, rule: Rule, task: TaskRow, changed: datetime | None) -> dict[str, Any]:
        execution = self._execution(rule, task)
        latest = present(execution | {"lastStatusChange": changed}) if execution else None
        return present({"ruleName": rule.name, "latestExecution": latest})

    def _detail(self, rule: Rule, task: TaskRow, version: int) -> dict[str, Any]:
        shown = self._execution(rule, task)
        record = self._records(task).get(rule.name)
        result = {
            "externalExecutionId": shown.get("externalExecutionId"),
            "externalExecutionSummary": shown.get("summary"),
            "externalExecutionUrl": shown.get("externalExecutionUrl"),
            "errorDetails": shown.get("errorDetails"),
        }
        return present(
            {
                "pipelineExecutionId": self.execution.execution_id,
                "ruleExecutionId": shown.get("ruleExecutionId"),
                "pipelineVersion": version,
                "stageName": self.stage,
                "ruleName": rule.name,
                "startTime": task.start_date,
                "lastUpdateTime": task.end_date or task.start_date,
                "status": shown.get("status"),
                "input": _input(rule, record),
                "output": {"executionResult": present(result)},
            }
        )

    def _status(self, task: TaskRow) -> ConditionStatus:
        if self._is_abandoned(task):
            return ConditionStatus.ABANDONED
        if task.state not in _ENDED:
            return ConditionStatus.IN_PROGRESS
        if outcome := self.execution.condition(self.stage, self.hook):
            return ConditionStatus(outcome["status"])
        cancelled = self.execution.stage(self.stage).cancelled
        return ConditionStatus.CANCELLED if cancelled else ConditionStatus.ERRORED

    def _is_abandoned(self, task: TaskRow) -> bool:
        """Tell whether the execution was stopped while the rules were evaluated."""
        return task.state == "upstream_failed" and bool(self._records(task))

    def _summary(self, task: TaskRow) -> str:
        """Return who set the condition aside, or why it is not met."""
        if self.hook != "ON_FAILURE" and self._status(task) is ConditionStatus.OVERRIDDEN:
            mark = self.execution.marks.get((names.exit_id(self.stage), override_key(self.hook)))
            return f"Overridden by {mark['by']}." if mark else ""
        return "; ".join(filter(None, map(_reason, self._outcomes(task).values())))[:2048]

    def _outcomes(self, task: TaskRow) -> dict[str, Mapping[str, Any]]:
        """Return how the rules ended, by their names."""
        outcome = self.execution.condition(self.stage, self.hook) if task.state in _ENDED else None
        return {rule["ruleName"]: rule for rule in (outcome or {}).get("rules", ())}

    def _records(self, task: TaskRow) -> dict[str, RuleRecord]:
        generation = task.max_tries - ENGINE_RETRIES
        records = self.evidence.rules(self.execution.run.run_id, self.task_id, generation)
        return {record.rule: record for record in records}

    def _execution(self, rule: Rule, task: TaskRow) -> dict[str, Any]:
        """Return a rule's evaluation: how it ended, or what was begun."""
        outcome = self._outcomes(task).get(rule.name)
        if outcome is not None:
            kept = {name: outcome.get(name) for name in _OF_OUTCOME}
            return present(kept | {"errorDetails": outcome.get("errorDetails") or None})
        record = self._records(task).get(rule.name)
        if record is None:
            return {}
        job = record.job
        given_up = not record.has_ended and (task.state in _ENDED or self._is_abandoned(task))
        return present(
            {
                "ruleExecutionId": record.rule_execution_id,
                "status": (RuleStatus.ABANDONED if given_up else record.status).value,
                "externalExecutionId": job.external_execution_id if job else None,
                "externalExecutionUrl": job.external_execution_url if job else None,
            }
        )


_OF_OUTCOME = ("ruleExecutionId", "status", "summary", "externalExecutionId", "externalExecutionUrl")


def _reason(outcome: Mapping[str, Any]) -> str | None:
    details = outcome.get("errorDetails")
    return f"{outcome['ruleName']}: {details['message']}" if details else None


def _input(rule: Rule, record: RuleRecord | None) -> dict[str, Any]:
    context = record.context if record else None
    kind = rule.rule_type_id
    return present(
        {
            "ruleTypeId": present(
                {
                    "category": kind.category,
                    "owner": kind.owner,
                    "provider": kind.provider,
                    "version": kind.version,
                }
            ),
            "configuration": dict(rule.configuration),
            "resolvedConfiguration": dict(context.action.configuration) if context else None,
            "roleArn": rule.role_arn,
            "region": rule.region or (context.identity.region if context else None),
            "inputArtifacts": [
                {"name": artifact.name, "s3location": {"bucket": artifact.bucket, "key": artifact.key}}
                for artifact in (context.input_artifacts if context else ())
            ],
        }
    )
