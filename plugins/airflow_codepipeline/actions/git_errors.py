"""What a failure of git means: whose it is, and whether asking again may help."""

from __future__ import annotations

import re

from airflow_codepipeline.errors import ActionError, TransientError

_REFUSED = re.compile(
    r"could not read (Username|Password)|Authentication failed|returned error: 40[13]|Access denied"
)
_MISSING = re.compile(r"repository '.*' not found|returned error: 404|does not appear to be a git repository")
_UNKNOWN_COMMIT = re.compile(r"not our ref|couldn't find remote ref|remote error: upload-pack: not our ref")
_MOVED = re.compile(r"unable to update url base from redirection|returned error: 30[1278]")
_FOR_NOW = re.compile(
    r"Could not resolve host|Failed to connect|Connection (refused|reset|timed out)|[Tt]imed out|early EOF"
    r"|returned error: (429|5\d\d)|Operation too slow|unexpected disconnect|RPC failed|Recv failure"
    r"|SSL_(connect|read)|remote end hung up"
)
_LONGEST = 600


def failure(command: str, where: str, said: str) -> ActionError:
    """Return the error for a git command that failed.

    :param command: git's own: fetch, ls-remote.
    :param where: the repository's address.
    :param said: what it wrote to standard error.
    """
    reason = " ".join(said.split())[-_LONGEST:] or "it gave no reason"
    if _REFUSED.search(said):
        return ActionError(
            "PermissionError",
            f"{where} refuses the credentials, or wants some: see git_conn_id. git: {reason}",
        )
    if _MISSING.search(said):
        message = f"There is no repository at {where}, or these credentials may not see it. git: {reason}"
        return ActionError("RevisionUnavailable", message)
    if _UNKNOWN_COMMIT.search(said):
        return ActionError("RevisionUnavailable", f"{where} has no such commit. git: {reason}")
    if _MOVED.search(said):
        message = f"{where} has moved; name its new address: credentials never follow a redirection."
        return ActionError("ConfigurationError", f"{message} git: {reason}")
    if _FOR_NOW.search(said):
        return TransientError("SystemUnavailable", f"git {command} of {where}: {reason}")
    return ActionError("JobFailed", f"git {command} of {where} failed: {reason}")


def is_unadvertised(error: ActionError) -> bool:
    """Whether the server gives branches only, and no single commit that is not the tip of one."""
    return "unadvertised object" in error.message
