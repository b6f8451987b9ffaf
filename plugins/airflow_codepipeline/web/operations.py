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

    from sqlalchemy.orm import Session

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
_EDIT = Access("PUT", None)
_APPROVE = Access("PUT", DagAccessEntity.HITL_DETAIL)


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation.

    :param module: of the room `service`.
    :param called: its function; none: it is called as the operation is.
    :param wants_person: whether it is told who calls with their roles, not only by name.
    :param subject: what its input names: a pipeline; a webhook, whose pipelines decide who may do it; or none
        of them: it is told which pipelines' webhooks the caller may see.
    """

    name: str
    module: str
    access: Access
    wants_person: bool = False
    called: str | None = None
    subject: Literal["pipeline", "webhook", "webhooks"] = "pipeline"

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.name.startswith(("Get", "List"))

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
    Operation("DisableStageTransition", "transitions", _EDIT),
    Operation("EnableStageTransition", "transitions", _EDIT),
    Operation("PutApprovalResult", "approval", _APPROVE, wants_person=True),
    Operation("GetPipelineState", "read_state", _READ),
    Operation("GetPipelineExecution", "read_executions", _READ),
    Operation("ListPipelineExecutions", "read_executions", _READ),
    Operation("ListActionExecutions", "read_history", _READ),
    Operation("ListRuleExecutions", "read_history", _READ),
    Operation("PutWebhook", "webhooks", _EDIT, subject="webhook"),
    Operation("ListWebhooks", "webhooks", _EDIT, subject="webhooks"),
    Operation("DeleteWebhook", "webhooks", _EDIT, subject="webhook"),
    Operation("RegisterWebhookWithThirdParty", "webhooks", _EDIT, subject="webhook"),
    Operation("DeregisterWebhookWithThirdParty", "webhooks", _EDIT, subject="webhook"),
)
OPERATIONS = {operation.name: operation for operation in _OPERATIONS}


@cache
def snake_case(name: str) -> str:
    """Return a name of the API as Python's are written: `pipelineExecutionId` as `pipeline_execution_id`."""
    return _WORD.sub("_", name).lower()


def arguments(operation: Operation, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return an input as a function of the room `service` takes it.

    `name` is the pipeline's, or the webhook's.
    """
    named = {snake_case(name): value for name, value in parameters.items() if name != "name"}
    if operation.subject == "pipeline":
        return named | {"pipeline_name": pipeline_of(parameters)}
    return named | ({"webhook_name": parameters["name"]} if "name" in parameters else {})


def pipelines_of(operation: Operation, session: Session, parameters: dict[str, Any]) -> list[str]:
    """Return the names of the pipelines that an input is about."""
    if operation.subject == "pipeline":
        return [pipeline_of(parameters)]
    if operation.subject == "webhooks":
        return []
    from airflow_codepipeline.service import webhooks

    return webhooks.pipelines_of(session, parameters)


def pipeline_of(parameters: dict[str, Any]) -> str:
    """Return the name of the pipeline that an input is about."""
    return str(parameters.get("pipelineName") or parameters.get("name"))
