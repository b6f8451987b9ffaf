"""Runs git, untouched by the user's own configuration."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from embedded_aws.errors import EmbeddedAwsError
from embedded_aws.network import inherited

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class GitError(EmbeddedAwsError):
    """Git refused; the message is git's own."""


def environment() -> dict[str, str]:
    """What git may know of this machine: the network, and nothing the user has configured."""
    return inherited() | {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_VALUE_0": "*",
        "GIT_TERMINAL_PROMPT": "0",
        "HOME": os.devnull,
        "LC_ALL": "C.UTF-8",
        "PATH": os.environ.get("PATH", os.defpath),
    }


def run(
    folder: Path, *arguments: str, given: bytes = b"", variables: Mapping[str, str] | None = None
) -> bytes:
    """What a git command prints.

    :param folder: where it runs.
    :param given: its standard input.
    :param variables: environment variables besides the usual ones.
    :raises GitError: it failed, or there is no git.
    """
    try:
        done = subprocess.run(
            ["git", *arguments],  # noqa: S607  as the user's PATH finds it
            cwd=folder, env=environment() | dict(variables or {}), input=given,
            capture_output=True, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise GitError("git is not installed on this machine") from error
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        raise GitError(f"git {arguments[0]}: {reason}")
    return done.stdout
