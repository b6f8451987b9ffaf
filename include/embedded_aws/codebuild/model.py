"""CodeBuild's projects and builds (CodeBuild API, Project and Build), as they are stored and answered.

Members that only real CodeBuild can act on are kept and echoed as they came.
"""

from __future__ import annotations

from typing import Any

import msgspec

IN_PROGRESS = "IN_PROGRESS"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
FAULT = "FAULT"
STOPPED = "STOPPED"
TIMED_OUT = "TIMED_OUT"

PLAINTEXT = "PLAINTEXT"
PARAMETER_STORE = "PARAMETER_STORE"
SECRETS_MANAGER = "SECRETS_MANAGER"

Passed = dict[str, Any] | None


class Document(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The base of what the API shows."""


class Source(Document, frozen=True, kw_only=True):
    """ProjectSource: where the code of a build is."""

    type: str
    location: str | None = None
    buildspec: str | None = None
    source_identifier: str | None = None
    git_clone_depth: int | None = None
    git_submodules_config: Passed = None
    auth: Passed = None
    report_build_status: bool | None = None
    build_status_config: Passed = None
    insecure_ssl: bool | None = None


class SourceVersion(Document, frozen=True, kw_only=True):
    """ProjectSourceVersion: the version of one secondary source."""

    source_identifier: str
    source_version: str


class Artifacts(Document, frozen=True, kw_only=True):
    """ProjectArtifacts: where the output of a build goes."""

    type: str
    location: str | None = None
    path: str | None = None
    namespace_type: str | None = None
    name: str | None = None
    packaging: str | None = None
    override_artifact_name: bool | None = None
    encryption_disabled: bool | None = None
    artifact_identifier: str | None = None
    bucket_owner_access: str | None = None


class Variable(Document, frozen=True, kw_only=True):
    """EnvironmentVariable: a value, or the name of a parameter or secret that holds it."""

    name: str
    value: str
    type: str = msgspec.field(default_factory=lambda: PLAINTEXT)


class Environment(Document, frozen=True, kw_only=True):
    """ProjectEnvironment: of which only the variables matter here."""

    type: str
    image: str
    compute_type: str
    environment_variables: tuple[Variable, ...] = msgspec.field(default_factory=tuple)
    privileged_mode: bool = msgspec.field(default_factory=bool)
    certificate: str | None = None
    registry_credential: Passed = None
    image_pull_credentials_type: str | None = None
    compute_configuration: Passed = None
    fleet: Passed = None
    docker_server: Passed = None
    host_kernel: str | None = None


class Shared(Document, frozen=True, kw_only=True):
    """What a project says and its builds take over."""

    source: Source
    environment: Environment
    service_role: str
    secondary_sources: tuple[Source, ...] = ()
    secondary_source_versions: tuple[SourceVersion, ...] = ()
    source_version: str | None = None
    encryption_key: str | None = None
    timeout_in_minutes: int = msgspec.field(default_factory=lambda: 60)
    queued_timeout_in_minutes: int = msgspec.field(default_factory=lambda: 480)
    cache: Passed = None
    vpc_config: Passed = None
    file_system_locations: list[dict[str, Any]] | None = None


class Project(Shared, frozen=True, kw_only=True):
    """A project as BatchGetProjects shows it."""

    name: str
    arn: str
    artifacts: Artifacts
    created: float
    last_modified: float
    secondary_artifacts: tuple[Artifacts, ...] = ()
    description: str | None = None
    tags: list[dict[str, str]] | None = None
    badge_enabled: bool | None = None
    badge: Passed = None
    logs_config: Passed = None
    build_batch_config: Passed = None
    concurrent_build_limit: int | None = None
    project_visibility: str = msgspec.field(default_factory=lambda: "PRIVATE")
    auto_retry_limit: int | None = None


class PhaseContext(Document, frozen=True, kw_only=True):
    """Why a phase ended as it did."""

    status_code: str
    message: str


class Phase(Document, frozen=True, kw_only=True):
    """One phase of a build: `start_time` and `end_time` in seconds since 1970."""

    phase_type: str
    start_time: float
    phase_status: str | None = None
    end_time: float | None = None
    duration_in_seconds: int | None = None
    contexts: tuple[PhaseContext, ...] = ()


class BuildArtifacts(Document, frozen=True, kw_only=True):
    """Where the output of a build was put."""

    location: str
    sha256sum: str | None = None
    md5sum: str | None = None
    override_artifact_name: bool | None = None
    encryption_disabled: bool | None = None
    artifact_identifier: str | None = None
    bucket_owner_access: str | None = None


class Logs(Document, frozen=True, kw_only=True):
    """LogsLocation: where a build's log is in CloudWatch Logs."""

    group_name: str | None = None
    stream_name: str | None = None
    deep_link: str | None = None
    cloud_watch_logs_arn: str | None = None
    cloud_watch_logs: Passed = None
    s3_logs: Passed = None


class ExportedVariable(Document, frozen=True, kw_only=True):
    """ExportedEnvironmentVariable: a variable and the value it had when the last phase ended."""

    name: str
    value: str


class Build(Shared, frozen=True, kw_only=True):
    """A build as BatchGetBuilds shows it."""

    id: str
    arn: str
    build_number: int
    project_name: str
    start_time: float
    initiator: str
    current_phase: str
    build_status: str
    logs: Logs
    artifacts: BuildArtifacts | None = None
    secondary_artifacts: tuple[BuildArtifacts, ...] = ()
    build_complete: bool = msgspec.field(default_factory=bool)
    end_time: float | None = None
    resolved_source_version: str | None = None
    phases: tuple[Phase, ...] = ()
    exported_environment_variables: tuple[ExportedVariable, ...] = ()
    auto_retry_config: Passed = None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A build and what only its runner needs: whose it is and where its output is to go."""

    account: str
    region: str
    build: Build
    artifacts: Artifacts
    secondary_artifacts: tuple[Artifacts, ...]
