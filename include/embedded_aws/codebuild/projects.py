"""The operations on projects."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import msgspec

from embedded_aws.codebuild.model import Artifacts, Project, Source
from embedded_aws.codebuild.paging import page
from embedded_aws.errors import ServiceError
from embedded_aws.settings import default_key

if TYPE_CHECKING:
    from embedded_aws.caller import Caller
    from embedded_aws.codebuild.store import Store

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_]{1,149}")
_SOURCE_IDENTIFIER = re.compile(r"[A-Za-z0-9_]{1,127}")
_ARTIFACT_IDENTIFIER = re.compile(r"[A-Za-z0-9_\-]{1,127}")
_NEED_LOCATION = (
    "S3",
    "CODECOMMIT",
    "GITHUB",
    "GITHUB_ENTERPRISE",
    "BITBUCKET",
    "GITLAB",
    "GITLAB_SELF_MANAGED",
)
_SORTED_BY = {
    "NAME": lambda project: project.name,
    "CREATED_TIME": lambda project: project.created,
    "LAST_MODIFIED_TIME": lambda project: project.last_modified,
}


class Projects:
    """CreateProject, UpdateProject, DeleteProject, BatchGetProjects and ListProjects."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """CreateProject."""
        name = parameters["name"]
        if not _NAME.fullmatch(name):
            raise ServiceError(
                "InvalidInputException", f"Project name '{name}' does not match {_NAME.pattern}"
            )
        now = time.time()
        arn = f"arn:aws:codebuild:{caller.region}:{caller.account}:project/{name}"
        project = _project(parameters | {"arn": arn, "created": now, "lastModified": now})
        if project.encryption_key is None:
            key = default_key(caller.account, caller.region)
            project = msgspec.structs.replace(project, encryption_key=key)
        with self._store.lock:
            if self._store.project(caller, name):
                raise ServiceError("ResourceAlreadyExistsException", f"Project already exists: {arn}")
            self._store.put_project(caller, project)
        return {"project": msgspec.to_builtins(project)}

    def update(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """UpdateProject: what is not given stays as it is."""
        with self._store.lock:
            before = self.find(caller, parameters["name"])
            project = _project(msgspec.to_builtins(before) | parameters | {"lastModified": time.time()})
            self._store.put_project(caller, project)
        return {"project": msgspec.to_builtins(project)}

    def delete(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """DeleteProject: of a project that is not there, too."""
        self._store.delete_project(caller, _last_name(parameters["name"]))
        return {}

    def batch_get(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """BatchGetProjects: by name or ARN."""
        found = {name: self._store.project(caller, _last_name(name)) for name in parameters["names"]}
        return {
            "projects": [msgspec.to_builtins(project) for project in found.values() if project],
            "projectsNotFound": [name for name, project in found.items() if not project],
        }

    def list(self, caller: Caller, parameters: dict[str, Any]) -> dict[str, Any]:
        """ListProjects."""
        order = _SORTED_BY[parameters.get("sortBy", "NAME")]
        found = sorted(self._store.projects(caller), key=order)
        names = [project.name for project in found]
        if parameters.get("sortOrder") == "DESCENDING":
            names.reverse()
        return page("projects", names, parameters.get("nextToken"))

    def find(self, caller: Caller, name: str) -> Project:
        """The project that `name`, a name or an ARN, means.

        :raises ServiceError: ResourceNotFoundException.
        """
        project = self._store.project(caller, _last_name(name))
        if project is None:
            arn = f"arn:aws:codebuild:{caller.region}:{caller.account}:project/{_last_name(name)}"
            raise ServiceError("ResourceNotFoundException", f"Project cannot be found: {arn}")
        return project


def _last_name(name: str) -> str:
    return name.rpartition(":project/")[2]


def _project(document: dict[str, Any]) -> Project:
    try:
        project = msgspec.convert(document, Project)
    except msgspec.ValidationError as error:
        raise ServiceError("InvalidInputException", str(error)) from error
    check_sources(project.source, project.secondary_sources)
    check_artifacts(project.artifacts, project.secondary_artifacts)
    return project


def check_sources(source: Source, secondary: tuple[Source, ...]) -> None:
    """Refuse sources no build could run from (CodeBuild API, ProjectSource).

    :raises ServiceError: InvalidInputException.
    """
    if source.type == "NO_SOURCE" and not source.buildspec:
        raise ServiceError("InvalidInputException", "Buildspec is required when the source type is NO_SOURCE")
    for one in (source, *secondary):
        if one.type in _NEED_LOCATION and not one.location:
            raise ServiceError(
                "InvalidInputException", f"Project source location is required for type {one.type}"
            )
    _check_identifiers("sourceIdentifier", _SOURCE_IDENTIFIER, [one.source_identifier for one in secondary])


def check_artifacts(artifacts: Artifacts, secondary: tuple[Artifacts, ...]) -> None:
    """Refuse artifacts that could not be put anywhere (CodeBuild API, ProjectArtifacts).

    :raises ServiceError: InvalidInputException.
    """
    for one in (artifacts, *secondary):
        if one.type == "S3" and not one.location:
            raise ServiceError("InvalidInputException", "Project artifacts location is required for type S3")
    identifiers = [one.artifact_identifier for one in secondary]
    _check_identifiers("artifactIdentifier", _ARTIFACT_IDENTIFIER, identifiers)


def _check_identifiers(member: str, pattern: re.Pattern[str], identifiers: list[str | None]) -> None:
    for identifier in identifiers:
        if identifier is None or not pattern.fullmatch(identifier):
            message = f"{member} '{identifier or ''}' does not match {pattern.pattern}"
            raise ServiceError("InvalidInputException", message)
    if len(set(identifiers)) < len(identifiers):
        raise ServiceError("InvalidInputException", f"Each {member} must be used once")
