"""The environment of a build's commands (CodeBuild guide, "Environment variables in build environments")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded_aws.codebuild.clone import GIT_SOURCES
from embedded_aws.network import inherited

if TYPE_CHECKING:
    from pathlib import Path

    from embedded_aws.codebuild.model import Build
    from embedded_aws.codebuild.sandbox import Sandbox
    from embedded_aws.codebuild.source import Fetched


def defaults(*, sandbox: Sandbox, home: Path, region: str, gateway_url: str, keys: Any) -> dict[str, str]:
    """What a build's own variables may change.

    :param keys: the service role's credentials, frozen.
    """
    return inherited() | {
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": gateway_url,
        "AWS_REGION": region,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_SESSION_TOKEN": keys.token or "",
        "CI": "true",
        "HOME": str(sandbox.path(home)),
        "LANG": "C.UTF-8",
        "PATH": sandbox.search_path(),
    }


def fixed(build: Build, fetched: Fetched, sandbox: Sandbox) -> dict[str, str]:
    """What CodeBuild says about the build: its own variables cannot change these."""
    known = {
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_BUILD_ID": build.id,
        "CODEBUILD_BUILD_IMAGE": build.environment.image,
        "CODEBUILD_BUILD_NUMBER": str(build.build_number),
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_CI": "true",
        "CODEBUILD_INITIATOR": build.initiator,
        "CODEBUILD_KMS_KEY_ID": build.encryption_key or "",
        "CODEBUILD_LOG_PATH": build.logs.stream_name or "",
        "CODEBUILD_PROJECT_ARN": build.arn.partition(":build/")[0] + f":project/{build.project_name}",
        "CODEBUILD_RESOLVED_SOURCE_VERSION": fetched.resolved_version or "",
        "CODEBUILD_SOURCE_VERSION": build.source_version or fetched.resolved_version or "",
        "CODEBUILD_START_TIME": str(int(build.start_time * 1000)),
    }
    if build.source.type in GIT_SOURCES:
        known["CODEBUILD_SOURCE_REPO_URL"] = build.source.location or ""
    for identifier, folder in fetched.folders.items():
        name = f"CODEBUILD_SRC_DIR_{identifier}" if identifier else "CODEBUILD_SRC_DIR"
        known[name] = str(sandbox.path(folder))
    for version in build.secondary_source_versions:
        known[f"CODEBUILD_SOURCE_VERSION_{version.source_identifier}"] = version.source_version
    return known
