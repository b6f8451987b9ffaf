"""What the XComs of an action's task say of its end, as it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.dag.job_ledger import FAILURE, Failure
from airflow_codepipeline.dag.result import XCOM_KEY, ActionResult
from airflow_codepipeline.events.look import Outcome
from airflow_codepipeline.events.subject import ArtifactPlace
from airflow_codepipeline.execution.failure import UNKNOWN, error_details
from airflow_codepipeline.execution.status import ActionExecutionStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airflow_codepipeline.artifacts.reference import ArtifactReference
    from airflow_codepipeline.events.subject import ReportedAction

KEYS = {ActionExecutionStatus.SUCCEEDED: XCOM_KEY, ActionExecutionStatus.FAILED: FAILURE}
"""The XCom that an action leaves, by how it ended; one that was abandoned leaves none."""


def outcome_of(action: ReportedAction, status: ActionExecutionStatus, left: Any) -> Outcome:
    """Return what became of an action.

    :param left: the XCom that it left, or none.
    """
    try:
        if status is ActionExecutionStatus.SUCCEEDED and left is not None:
            return _success(action, ActionResult.from_xcom(left))
        if status is ActionExecutionStatus.FAILED:
            return _failure(None if left is None else msgspec.convert(left, Failure))
    except msgspec.ValidationError:
        # A person may push any XCom.
        return Outcome(error_code=UNKNOWN["code"] if status is ActionExecutionStatus.FAILED else None)
    return Outcome()


def artifact_places(artifacts: Iterable[ArtifactReference]) -> tuple[ArtifactPlace, ...]:
    """Return where artifacts lie."""
    return tuple(
        ArtifactPlace(
            name=artifact.name, bucket=artifact.bucket, key=artifact.key, revision=artifact.revision_id
        )
        for artifact in artifacts
    )


def _success(action: ReportedAction, result: ActionResult) -> Outcome:
    is_source = action.type.category == "Source"
    variables: Mapping[str, str] = result.variables if is_source else {}
    return Outcome(
        action_execution_id=result.action_execution_id,
        external_execution_id=result.external_execution_id,
        external_execution_url=result.external_execution_url,
        summary=result.summary,
        artifacts=artifact_places(result.artifacts),
        variables=dict(variables),
    )


def _failure(failure: Failure | None) -> Outcome:
    details = UNKNOWN if failure is None else error_details(failure.failure)
    return Outcome(
        action_execution_id=failure.action_execution_id if failure else None,
        external_execution_id=failure.external_execution_id if failure else None,
        external_execution_url=failure.external_execution_url if failure else None,
        summary=details["message"],
        error_code=details["code"],
    )
