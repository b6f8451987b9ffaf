"""Who calls the API, and what they may do: Airflow's own users and permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import HTTPException

from airflow_codepipeline.dag.names import dag_id
from airflow_codepipeline.execution.refusal import Refusal

if TYPE_CHECKING:
    from starlette.requests import Request

    from airflow_codepipeline.web.caller import Caller
    from airflow_codepipeline.web.operations import Operation


async def authenticated(request: Request) -> Any:
    """Return the user of Airflow's auth manager who makes a request.

    Only what a client says on purpose counts: a browser sends cookies to whoever makes it.

    :raises Refusal: it is nobody's.
    """
    from airflow.api_fastapi.core_api.security import resolve_user_from_token

    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        raise Refusal("MissingAuthenticationTokenException", f"Missing Authentication Token. {_HOW}")
    if scheme.lower() != "bearer":
        raise Refusal(
            "UnrecognizedClientException", f"Requests that are signed with AWS keys are not taken yet. {_HOW}"
        )
    try:
        return await resolve_user_from_token(token.strip())
    except HTTPException as error:
        code = "ExpiredTokenException" if error.detail == "Token Expired" else "UnrecognizedClientException"
        raise Refusal(code, f"The token in the header Authorization is not valid: {error.detail}.") from error


def authorize(user: Any, caller: Caller, operation: Operation, pipeline: str) -> None:
    """Check that a user may do something with a pipeline.

    :raises Refusal: they may not.
    """
    if not is_allowed(user, caller, operation, pipeline):
        raise Refusal(
            "AccessDeniedException",
            f"User: {caller.person.name} is not authorized to perform: codepipeline:{operation.name} "
            f"on resource: {pipeline}",
        )


def is_allowed(user: Any, caller: Caller, operation: Operation, pipeline: str) -> bool:
    """Tell whether a user may do something with a pipeline."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails
    from airflow.models.dag import DagModel

    dag = dag_id(pipeline)
    return caller.active and get_auth_manager().is_authorized_dag(
        method=operation.access.method,
        access_entity=operation.access.entity,
        details=DagDetails(id=dag, team_name=DagModel.get_team_name(dag)),
        user=user,
    )


_HOW = "Send a token of Airflow's: the header is 'Authorization: Bearer <token>'."
