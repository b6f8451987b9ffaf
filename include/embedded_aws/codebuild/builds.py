"""The operations on builds."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any

import msgspec

from embedded_aws.codebuild.order import again, numbered, order
from embedded_aws.codebuild.paging import page
from embedded_aws.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded_aws.caller import Caller
    from embedded_aws.codebuild.model import Project, Record
    from embedded_aws.codebuild.projects import Projects
    from embedded_aws.codebuild.scheduler import Scheduler
    from embedded_aws.codebuild.store import Store


class Builds:
    """The operations that start, stop, show, list and delete builds."""

    def __init__(self, *, store: Store, projects: Projects, scheduler: Scheduler) -> None:
        self._store = store
        self._projects = projects
        self._scheduler = scheduler

    def start(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """StartBuild."""
        project = self._projects.find(caller, parameters["projectName"])
        return self._once(caller, parameters, lambda now: self._ordered(caller, project, parameters, now))

    def retry(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """RetryBuild."""
        if "id" not in parameters:
            raise ServiceError("InvalidInputException", "Build id is required")
        record = self._find(caller, parameters["id"])
        return self._once(caller, parameters, lambda now: again(caller, record, now=now))

    def stop(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """StopBuild: returns when the build has ended; a build that has ended stays as it is."""
        record = self._find(caller, parameters["id"])
        self._scheduler.stop(record)
        return _document(self._find(caller, parameters["id"]))

    def batch_get(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """BatchGetBuilds."""
        found = {name: self._store.build(caller, _last_name(name)) for name in parameters["ids"]}
        return {
            "builds": [_document(record)["build"] for record in found.values() if record],
            "buildsNotFound": [name for name, record in found.items() if not record],
        }

    def batch_delete(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """BatchDeleteBuilds: of builds that have ended."""
        answer: dict[str, Any] = {"buildsDeleted": [], "buildsNotDeleted": []}
        for name in parameters["ids"]:
            record = self._store.build(caller, _last_name(name))
            if record is None or not record.build.build_complete:
                status = "BUILD_IN_PROGRESS" if record else "BUILD_NOT_FOUND"
                answer["buildsNotDeleted"].append({"id": name, "statusCode": status})
                continue
            self._store.delete_build(caller, record.build.id)
            answer["buildsDeleted"].append(record.build.arn)
        return answer

    def list(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """ListBuilds."""
        return _sorted_page(self._store.build_ids(caller), parameters)

    def list_for_project(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """ListBuildsForProject."""
        project = self._projects.find(caller, parameters["projectName"])
        return _sorted_page(self._store.build_ids(caller, project.name), parameters)

    def _ordered(self, caller: Caller, project: Project, parameters: dict[str, Any], now: float) -> Record:
        limit = project.concurrent_build_limit
        running = [
            one
            for one in self._store.incomplete()
            if (one.account, one.region, one.build.project_name)
            == (caller.account, caller.region, project.name)
        ]
        if limit is not None and len(running) >= limit:
            message = f"Cannot have more than {limit} active builds for the project {project.name}"
            raise ServiceError("AccountLimitExceededException", message)
        return order(caller, project, parameters, now=now)

    def _once(
        self, caller: Caller, parameters: dict[str, Any], make: Callable[[float], Record]
    ) -> dict[str, Any]:
        """Start what `make` makes; with a token used in the last five minutes, the build it started then."""
        now = time.time()
        token = parameters.get("idempotencyToken")
        digest = hashlib.sha256(msgspec.json.encode(parameters, order="sorted")).hexdigest()
        with self._store.lock:
            known = self._store.token(caller, token, now) if token else None
            if known is not None:
                return self._repeated(caller, digest, known)
            made = make(now)
            number = self._store.next_number(caller, made.build.project_name)
            record = numbered(made, number)
            self._store.put_build(record)
            if token:
                self._store.put_token(caller, token, digest=digest, build_id=record.build.id, now=now)
        self._scheduler.submit(record)
        return _document(record)

    def _repeated(self, caller: Caller, digest: str, known: tuple[str, str]) -> dict[str, Any]:
        if known[0] != digest:
            message = "The idempotency token was used in the last five minutes with other parameters"
            raise ServiceError("InvalidInputException", message)
        return _document(self._find(caller, known[1]))

    def _find(self, caller: Caller, name: str) -> Record:
        record = self._store.build(caller, _last_name(name))
        if record is None:
            raise ServiceError("ResourceNotFoundException", f"Build {name} does not exist")
        return record


def _last_name(name: str) -> str:
    return name.rpartition(":build/")[2]


def _document(record: Record) -> dict[str, Any]:
    return {"build": msgspec.to_builtins(record.build)}


def _sorted_page(ids: list[str], parameters: dict[str, Any]) -> dict[str, Any]:
    # CodeBuild API, ListBuilds: the newest first unless asked otherwise.
    if parameters.get("sortOrder", "DESCENDING") == "DESCENDING":
        ids.reverse()
    return page("ids", ids, parameters.get("nextToken"))
