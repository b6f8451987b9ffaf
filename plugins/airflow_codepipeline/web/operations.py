"""The operations of the API that are there: what carries each out, and what its caller must be allowed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity

if TYPE_CHECKING:
    from collections.abc import Callable

_SERVICE = "airflow_codepipeline.service"
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Access:
    """What Airflow's auth manager is asked whether the caller may do it with the pipeline's DAG.

    :param entity: none: the DAG itself.
    """

    method: Literal["GET", "POST", "PUT"]
    entity: DagAccessEntity | None


_READ = Access("GET", DagAccessEntity.RUN)
_START = Access("POST", DagAccessEntity.RUN)
_CHANGE = Access("PUT", DagAccessEntity.RUN)
_TRANSITION = Access("PUT", None)
_APPROVE = Access("PUT", DagAccessEntity.HITL_DETAIL)


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation.

    :param module: of the room `service`.
    :param called: its function; none: it is called as the operation is.
    :param wants_person: whether it is told who calls with their roles, not only by name.
    """

    name: str
    module: str
    access: Access
    wants_person: bool = False
    called: str | None = None

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.access.method == "GET"

    @property
    def function(self) -> Callable[..., dict[str, Any]]:
        """What carries it out: `(session, user name, **members of the input)`."""
        found: Callable[..., dict[str, Any]] = getattr(
            import_module(f"{_SERVICE}.{self.module}"), self.called or snake_case(self.name)
        )
        return found


_OPERATIONS = (
    Operation("StartPipelineExecution", "start", _START, called="start_execution"),
    Operation("StopPipelineExecution", "stop", _CHANGE),
    Operation("RetryStageExecution", "retry", _CHANGE),
    Operation("RollbackStage", "rollback", _START),
    Operation("OverrideStageCondition", "override", _CHANGE),
    Operation("DisableStageTransition", "transitions", _TRANSITION),
    Operation("EnableStageTransition", "transitions", _TRANSITION),
    Operation("PutApprovalResult", "approval", _APPROVE, wants_person=True),
    Operation("GetPipelineState", "read_state", _READ),
    Operation("GetPipelineExecution", "read_executions", _READ),
    Operation("ListPipelineExecutions", "read_executions", _READ),
    Operation("ListActionExecutions", "read_history", _READ),
    Operation("ListRuleExecutions", "read_history", _READ),
)
OPERATIONS = {operation.name: operation for operation in _OPERATIONS}


@cache
def snake_case(name: str) -> str:
    """Return a name of the API as Python's are written: `pipelineExecutionId` as `pipeline_execution_id`."""
    return _WORD.sub("_", name).lower()


def arguments(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return an input as a function of the room `service` takes it: `name` is the pipeline's, too."""
    named = {snake_case(name): value for name, value in parameters.items() if name != "name"}
    return named | {"pipeline_name": pipeline_of(parameters)}


def pipeline_of(parameters: dict[str, Any]) -> str:
    """Return the name of the pipeline that an input is about."""
    return str(parameters.get("pipelineName") or parameters.get("name"))
