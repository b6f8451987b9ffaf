"""An action execution, as the API shows it.

Source: CodePipeline API reference, ActionExecution and ActionExecutionDetail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.dag.approval import approval_token
from airflow_codepipeline.execution.failure import UNKNOWN, error_details
from airflow_codepipeline.execution.status import ActionExecutionStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from airflow_codepipeline.artifacts.reference import ArtifactReference
    from airflow_codepipeline.dag.job_ledger import JobRecord
    from airflow_codepipeline.dag.result import ActionResult
    from airflow_codepipeline.definition.model import Action
    from airflow_codepipeline.service.snapshot import ExecutionSnapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionExecution:
    """One attempt at an action.

    :param waits: whether it is an approval that waits for an answer.
    :param result: what it left; none where it failed, is in progress, or was run again since.
    :param approval: what was decided, where it is an approval.
    :param failure: why it failed, where that is known.
    """

    execution: ExecutionSnapshot
    stage: str
    action: Action
    id: str
    status: ActionExecutionStatus
    started: datetime | None
    changed: datetime | None
    waits: bool = False
    record: JobRecord | None = None
    result: ActionResult | None = None
    approval: Mapping[str, Any] | None = None
    failure: str | None = None

    @property
    def token(self) -> str | None:
        """What PutApprovalResult wants, while it waits for an answer."""
        return approval_token(self.id) if self.waits else None

    def state(self) -> dict[str, Any]:
        """Return it as GetPipelineState shows it."""
        shown = {
            "actionExecutionId": self.id,
            "status": self.status.value,
            "summary": self._summary(),
            "lastStatusChange": self.changed,
            "token": self.token,
            "lastUpdatedBy": (self.approval or {}).get("by"),
        }
        return present(shown | self._external() | {"errorDetails": self.error_details()})

    def detail(self, version: int) -> dict[str, Any]:
        """Return it as ListActionExecutions lists it.

        :param version: of the pipeline that it ran in.
        """
        return present(
            {
                "pipelineExecutionId": self.execution.execution_id,
                "actionExecutionId": self.id,
                "pipelineVersion": version,
                "stageName": self.stage,
                "actionName": self.action.name,
                "startTime": self.started,
                "lastUpdateTime": self.changed,
                "updatedBy": (self.approval or {}).get("by"),
                "status": self.status.value,
                "input": self._input(),
                "output": self._output(),
            }
        )

    def error_details(self) -> dict[str, str] | None:
        """Return why it failed; none where it did not, or was rejected: then the summary says why."""
        if (
            self.status is not ActionExecutionStatus.FAILED
            or (self.approval or {}).get("status") == "Rejected"
        ):
            return None
        if self.failure is None:
            return dict(UNKNOWN)
        return error_details(self.failure)

    def _summary(self) -> str | None:
        if self.approval:
            return str(self.approval.get("summary") or "") or None
        return (self.result.summary or None) if self.result else None

    def _external(self) -> dict[str, Any]:
        if self.waits:
            # Of an approval in PARALLEL mode, which has no state of its own, this is the token.
            return {"externalExecutionId": self.token}
        found: Any = self.result or (self.record.job if self.record else None)
        if found is None:
            return {}
        return {
            "externalExecutionId": found.external_execution_id,
            "externalExecutionUrl": found.external_execution_url,
        }

    def _input(self) -> dict[str, Any]:
        action, record = self.action, self.record
        resolved = self.result.configuration if self.result else None
        if resolved is None and record is not None:
            resolved = record.context.action.configuration
        region = action.region or (record.context.identity.region if record else None)
        return present(
            {
                "actionTypeId": msgspec.to_builtins(action.action_type_id)
                | {"owner": action.action_type_id.owner, "version": action.action_type_id.version},
                "configuration": dict(action.configuration),
                "resolvedConfiguration": resolved,
                "roleArn": action.role_arn,
                "region": region,
                "inputArtifacts": _artifacts(record.context.input_artifacts if record else ()),
                "namespace": action.namespace,
            }
        )

    def _output(self) -> dict[str, Any]:
        external = self._external() | {
            "externalExecutionSummary": self._summary(),
            "errorDetails": self.error_details(),
        }
        return present(
            {
                "outputArtifacts": _artifacts(self.result.artifacts if self.result else ()),
                "executionResult": present(external) or None,
                "outputVariables": dict(self.result.variables) if self.result else None,
            }
        )


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return what has a value: the API leaves everything else out."""
    return {name: value for name, value in members.items() if value is not None and value not in ("", [])}


def _artifacts(artifacts: Sequence[ArtifactReference]) -> list[dict[str, Any]]:
    return [
        {"name": artifact.name, "s3location": {"bucket": artifact.bucket, "key": artifact.key}}
        for artifact in artifacts
    ]
