"""What an action leaves in XCom, as `return_value`: one small structure, the same for every action.

    {"actionExecutionId": "…", "externalExecutionId": "…", "externalExecutionUrl": "…", "logUrl": "…",
     "summary": "…", "variables": {"VERSION": "1.0.7"}, "configuration": {…, resolved},
     "artifacts": [{"name": "Package", "bucket": "…", "key": "…", "region": "…", …}]}

A source that took another revision than the current one has a `revisionReason`. Never an artifact's content.
Members that are empty are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.artifacts.reference import ArtifactReference
from airflow_codepipeline.dag.masking import masked
from airflow_codepipeline.dag.wire import to_json_value
from airflow_codepipeline.definition.layout import lay_out
from airflow_codepipeline.execution.revision import reason_of, with_reason
from airflow_codepipeline.execution.start import OBJECT_KEY
from airflow_codepipeline.execution.variables import check_output_variables

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Job, Outputs

XCOM_KEY = "return_value"


class ActionResult(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The result of an action that succeeded."""

    action_execution_id: str
    external_execution_id: str | None = None
    external_execution_url: str | None = None
    log_url: str | None = None
    summary: str | None = None
    revision_reason: str | None = None
    variables: dict[str, str] = {}
    configuration: dict[str, str] = {}
    artifacts: tuple[ArtifactReference, ...] = ()

    @classmethod
    def of(cls, context: ActionContext, job: Job, outputs: Outputs) -> ActionResult:
        """Put together what one attempt started and what it left; a source says why it took its revision.

        :raises ActionError: its variables cannot be kept.
        """
        check_output_variables(outputs.variables)
        given = any(revision.type != OBJECT_KEY for revision in context.source_revisions)
        reason = reason_of(context.as_of, overridden=given)
        return cls(
            action_execution_id=context.action_execution_id,
            external_execution_id=job.external_execution_id,
            external_execution_url=job.external_execution_url,
            log_url=job.log_url,
            summary=with_reason(outputs.summary, reason),
            revision_reason=reason,
            variables=outputs.variables,
            configuration=masked(context.action.configuration),
            artifacts=outputs.artifacts,
        )

    @classmethod
    def from_xcom(cls, value: Any) -> ActionResult:
        """Read a result back.

        :raises msgspec.ValidationError: the value is not such a structure.
        """
        return msgspec.convert(value, cls)

    def to_xcom(self) -> dict[str, Any]:
        """Return the structure above."""
        value: dict[str, Any] = to_json_value(self)
        return value


lay_out(ActionResult)
