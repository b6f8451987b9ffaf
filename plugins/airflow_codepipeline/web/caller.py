"""Who makes a request, as Airflow's auth manager knows them; the same for all auth managers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from airflow_codepipeline.execution.approval import Person

if TYPE_CHECKING:
    from fastapi import Request


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request.

    :param active: whether their account is; Airflow's FAB auth manager takes tokens of deactivated users.
    """

    person: Person
    active: bool


async def caller_of(request: Request, dag_id: str) -> Caller:
    """Return who answers an approval of a DAG, found as Airflow's own route finds them.

    :raises HTTPException: nobody is logged in, or they may not answer approvals of this DAG at all.
    """
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
    from airflow.api_fastapi.core_api.security import (
        bearer_scheme,
        get_user,
        oauth2_scheme,
        requires_access_dag,
    )

    user = await get_user(request, await oauth2_scheme(request), await bearer_scheme(request))
    authorize = requires_access_dag("PUT", DagAccessEntity.HITL_DETAIL, dag_id)
    await run_in_threadpool(authorize, request, user)
    return await run_in_threadpool(as_caller, user)


def as_caller(user: Any) -> Caller:
    """Return what is known of a user of Airflow's auth manager."""
    person = Person(id=str(user.get_id()), name=str(user.get_name()), roles=_roles(user))
    return Caller(person, active=bool(getattr(user, "is_active", True)))


def _roles(user: Any) -> tuple[str, ...]:
    """Return the names of a user's roles: one text in the simple auth manager, objects in FAB's."""
    one = getattr(user, "role", None)
    many = getattr(user, "roles", None) or ()
    names = {str(getattr(role, "name", role)) for role in many}
    return tuple(sorted(names | ({one} if isinstance(one, str) else set())))
