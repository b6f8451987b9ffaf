"""CodeBuild as a service of the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded_aws.codebuild.builds import Builds
from embedded_aws.codebuild.projects import Projects
from embedded_aws.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded_aws.caller import Caller
    from embedded_aws.codebuild.scheduler import Scheduler
    from embedded_aws.codebuild.store import Store


class CodeBuild:
    """Projects and single builds; no batches, fleets, reports, sandboxes or webhooks."""

    name = "codebuild"
    invalid_input = "InvalidInputException"

    def __init__(self, *, store: Store, scheduler: Scheduler) -> None:
        self._projects = Projects(store)
        self._builds = Builds(store=store, projects=self._projects, scheduler=scheduler)

    def operations(self) -> Mapping[str, Callable[[Caller, dict[str, Any]], dict[str, Any]]]:
        """What is implemented."""
        projects, builds = self._projects, self._builds
        return {
            "BatchDeleteBuilds": builds.batch_delete,
            "BatchGetBuilds": builds.batch_get,
            "BatchGetProjects": projects.batch_get,
            "CreateProject": projects.create,
            "DeleteProject": projects.delete,
            "ListBuilds": builds.list,
            "ListBuildsForProject": builds.list_for_project,
            "ListProjects": projects.list,
            "RetryBuild": builds.retry,
            "StartBuild": builds.start,
            "StopBuild": builds.stop,
            "UpdateProject": projects.update,
        }

    def not_here(self, operation: str) -> ServiceError:
        """Say that the embedded CodeBuild cannot do it."""
        message = f"The embedded CodeBuild has no {operation}; docs/embedded-aws.md lists what it has"
        return ServiceError("InvalidInputException", message)
