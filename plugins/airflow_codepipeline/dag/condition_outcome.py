"""What a condition's task leaves in XCom, as `return_value`, whatever became of the condition.

    {"status": "Failed", "result": "SKIP", "engaged": true,
     "rules": [{"ruleName": "IsRelease", "ruleExecutionId": "…", "status": "Failed", "summary": null,
                "externalExecutionId": null, "externalExecutionUrl": null,
                "errorDetails": {"code": "JobFailed", "message": "The variable is 'beta', which is not …"}}]}

An onFailure's has a `retryMode` beside them, and is engaged once it is certain that the result follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.definition.model import Result, RetryMode
from airflow_codepipeline.execution.conditions import ConditionStatus, RuleStatus, is_engaged, status_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_codepipeline.dag.condition_declaration import ConditionDeclaration
    from airflow_codepipeline.dag.rule_attempt import RuleRecord


class ErrorDetails(msgspec.Struct, frozen=True):
    """Why a rule failed (CodePipeline API, ErrorDetails)."""

    code: str
    message: str


class RuleOutcome(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How one rule ended (CodePipeline API, RuleExecution)."""

    rule_name: str
    rule_execution_id: str
    status: RuleStatus
    external_execution_id: str | None = None
    external_execution_url: str | None = None
    summary: str | None = None
    error_details: ErrorDetails | None = None


class ConditionOutcome(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a condition ended.

    :param result: what the condition declares.
    :param engaged: whether that is carried out.
    :param retry_mode: which actions an automatic retry runs again.
    """

    status: ConditionStatus
    result: Result | None
    engaged: bool
    rules: tuple[RuleOutcome, ...] = ()
    retry_mode: RetryMode | None = None

    @classmethod
    def of(
        cls, declaration: ConditionDeclaration, records: Sequence[RuleRecord], *, retries: int = 0
    ) -> ConditionOutcome:
        """Decide, by rules that have ended.

        :param retries: how often the stage was retried automatically.
        """
        errored = any(record.errored for record in records)
        status = status_of([record.status for record in records], errored=errored)
        result = declaration.result
        return cls(
            status=status,
            result=result,
            engaged=is_engaged(declaration.hook, status, result, retries=retries),
            rules=tuple(record.outcome() for record in records),
            retry_mode=declaration.retry_mode,
        )

    @classmethod
    def overridden(cls, declaration: ConditionDeclaration) -> ConditionOutcome:
        """Return the outcome of a condition that somebody has set aside."""
        return cls(status=ConditionStatus.OVERRIDDEN, result=declaration.result, engaged=False)

    @property
    def reason(self) -> str:
        """Why the condition is not met: the rules that failed, each with its reason."""
        failed = [rule for rule in self.rules if rule.status is RuleStatus.FAILED]
        reasons = (
            f"rule {rule.rule_name}: {rule.error_details.message if rule.error_details else 'it failed'}"
            for rule in failed
        )
        return "; ".join(reasons)

    def to_xcom(self) -> dict[str, Any]:
        """Return the structure above; `retryMode` only where there is a retry."""
        value: dict[str, Any] = to_json_value(self)
        if self.retry_mode is None:
            del value["retryMode"]
        return value
