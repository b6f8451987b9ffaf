"""Finds the build that an attempt has started although its worker died before it could store that.

CodeBuild knows an idempotency token for five minutes (API reference, StartBuild); with Airflow's defaults
it takes longer to find out that a worker died. So every build has the id of its attempt among its
variables.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.actions.base import ActionContext

MARK = "CODEPIPELINE_ACTION_EXECUTION_ID"
"""The environment variable of a build."""
_TOKEN_LIFE = timedelta(minutes=4, seconds=30)
_CLOCKS = timedelta(minutes=5)
_NO_PROJECT = "ResourceNotFoundException"


def marked(request: dict[str, Any], context: ActionContext) -> dict[str, Any]:
    """Return the arguments of StartBuild or StartBuildBatch, the id of the attempt among the variables."""
    mark = {"name": MARK, "value": context.action_execution_id, "type": "PLAINTEXT"}
    return request | {"environmentVariablesOverride": [*request["environmentVariablesOverride"], mark]}


def earlier_build(
    context: ActionContext, client: Any, project: str, *, batch: bool = False
) -> dict[str, Any] | None:
    """Return the build that the attempt has started before, where its token may be forgotten by now.

    :raises ActionError: CodeBuild cannot be asked; then a second build must not be started.
    """
    begun = context.begun
    if begun is None or datetime.now(UTC) - begun < _TOKEN_LIFE:
        return None
    try:
        for build in _builds(client, project, batch=batch):
            if build.get("startTime", begun) < begun - _CLOCKS:
                return None
            if context.action_execution_id in _marks(build):
                return build
    except ActionError as error:
        if error.code != _NO_PROJECT:
            raise
    return None


def _builds(client: Any, project: str, *, batch: bool) -> Iterator[dict[str, Any]]:
    """Yield the builds of a project, the newest first."""
    kind = "build_batches" if batch else "builds"
    more: dict[str, str] = {}
    while True:
        page = getattr(client, f"list_{kind}_for_project")(projectName=project, **more)
        if page["ids"]:
            found = getattr(client, f"batch_get_{kind}")(ids=page["ids"])
            by_id = {build["id"]: build for build in found["buildBatches" if batch else "builds"]}
            yield from (by_id[name] for name in page["ids"] if name in by_id)
        if not page.get("nextToken"):
            return
        more = {"nextToken": page["nextToken"]}


def _marks(build: dict[str, Any]) -> set[str]:
    variables = build.get("environment", {}).get("environmentVariables", ())
    return {variable["value"] for variable in variables if variable["name"] == MARK}
