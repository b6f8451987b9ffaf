"""Rule/AWS/VariableCheck/1 (CodePipeline user guide, VariableCheck)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.actions.base import Job, Outputs
from airflow_codepipeline.actions.immediate import Immediate
from airflow_codepipeline.actions.settings import misconfigured, one_of
from airflow_codepipeline.errors import ActionError
from airflow_codepipeline.rules.java_regex import RegexError, matches_whole

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws

_OPERATORS = ("EQ", "NE", "CONTAINS", "MATCHES")
_WORDS = {"EQ": "equal to", "NE": "different from", "CONTAINS": "a text with", "MATCHES": "matched by"}


class VariableCheck(Immediate):
    """Compares a variable with a value."""

    def __init__(self, *, on_failure: bool) -> None:
        del on_failure

    def start(self, aws: Aws) -> Job:
        """Compare.

        :raises ActionError: the comparison is false.
        """
        context = aws.context
        operator = one_of(context, "Operator", _OPERATORS)
        variable, value = (context.action.configuration.get(key, "") for key in ("Variable", "Value"))
        words = f"{_WORDS[operator]} {value!r}"
        if not _holds(context, operator, variable, value):
            raise ActionError("JobFailed", f"The variable is {variable!r}, which is not {words}.")
        return Job(
            external_execution_id=context.action_execution_id, data={"summary": f"{variable!r} is {words}."}
        )

    def outputs(self, aws: Aws, job: Job) -> Outputs:
        """Return what was compared."""
        del aws
        return Outputs(summary=job.data["summary"])


def _holds(context: ActionContext, operator: str, variable: str, value: str) -> bool:
    if operator == "MATCHES":
        try:
            return matches_whole(value, variable)
        except RegexError as error:
            raise misconfigured(context, f"Value is {value!r}: {error}") from None
    if operator == "CONTAINS":
        return value in variable
    return (variable == value) is (operator == "EQ")
