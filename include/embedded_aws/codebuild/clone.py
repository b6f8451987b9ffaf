"""Clones the git sources of a build."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from embedded_aws.errors import BuildError
from embedded_aws.git.program import GitError, run

if TYPE_CHECKING:
    from pathlib import Path

    from embedded_aws.codebuild.model import Source

GIT_SOURCES = frozenset(
    {"BITBUCKET", "CODECOMMIT", "GITHUB", "GITHUB_ENTERPRISE", "GITLAB", "GITLAB_SELF_MANAGED"}
)
"""The types of source that are git repositories (CodeBuild API, ProjectSource)."""

_CONNECTION = "CODECONNECTIONS"
_PROTOCOLS = {"GIT_ALLOW_PROTOCOL": "http:https"}


def clone(source: Source, version: str | None, folder: Path, gateway_url: str) -> str:
    """Clone a repository into an empty folder and check a commit out; that commit's id.

    :param version: a commit, branch or tag; None for the default branch.
    :raises BuildError: the repository cannot be cloned, or has no such version.
    """
    depth = ("--depth", str(source.git_clone_depth), "--no-single-branch") if source.git_clone_depth else ()
    address = _address(source, gateway_url)
    try:
        run(folder, "clone", "--quiet", "--no-checkout", *depth, "--", address, ".", variables=_PROTOCOLS)
        commit = _commit(folder, version)
        run(folder, "checkout", "--quiet", "--detach", commit)
    except GitError as error:
        message = f"the source {source.location} cannot be cloned: {error}"
        raise BuildError("GIT_CLONE_FAILED", message) from error
    return commit


def _address(source: Source, gateway_url: str) -> str:
    location, auth = source.location or "", source.auth or {}
    if auth.get("type") != _CONNECTION:
        return location
    # What a connection leads to is behind the gateway; git-http is CodeConnections' own path.
    parts = str(auth.get("resource", "")).split(":")
    if len(parts) != 6:
        raise BuildError("INVALID_LOCATION", f"'{auth.get('resource')}' is no ARN of a connection")
    region, account, connection = parts[3], parts[4], parts[5].rpartition("/")[2]
    return f"{gateway_url}/git-http/{account}/{region}/{connection}{urlsplit(location).path}"


def _commit(folder: Path, version: str | None) -> str:
    for name in (f"refs/remotes/origin/{version}", version) if version else ("refs/remotes/origin/HEAD",):
        try:
            found = run(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        except GitError:
            continue
        return found.decode().strip()
    raise GitError(f"it has no version {version or 'to check out: it is empty'}")
