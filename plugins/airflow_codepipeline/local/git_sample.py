"""What the second sample, whose source is a git repository, needs in AWS; and a push to that repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.local.sample import SampleError
from airflow_codepipeline.local.sample_resources import make_bucket, make_project, make_role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PIPELINE = "greeter"
REPOSITORY = "greeter"
PROJECT = "greeter-page"
_ROLES = {"greeter-pipeline": "codepipeline.amazonaws.com", "greeter-build": "codebuild.amazonaws.com"}
_AUTHOR = ("-c", "user.name=Sample", "-c", "user.email=sample@example.com")


def provision_git_sample(client: Callable[[str], Any], variables: Mapping[str, str]) -> str:
    """Make the repository, the buckets, the roles and the project that are not there yet.

    :param client: gives a boto3 client for a service.
    :param variables: the definition's variables.
    :return: where to clone from and push to.
    """
    for key in ("greeter_artifact_bucket", "greeter_bucket"):
        make_bucket(client("s3"), variables[key], variables["region"])
    for role, service in _ROLES.items():
        make_role(client("iam"), role, service, variables["account"])
    make_project(client("codebuild"), PROJECT, f"arn:aws:iam::{variables['account']}:role/greeter-build")
    codecommit = client("codecommit")
    if not codecommit.batch_get_repositories(repositoryNames=[REPOSITORY])["repositories"]:
        codecommit.create_repository(repositoryName=REPOSITORY)
    metadata = codecommit.get_repository(repositoryName=REPOSITORY)["repositoryMetadata"]
    return str(metadata["cloneUrlHttp"])


def push(url: str, folder: Path, message: str) -> str:
    """Commit the content of a folder on top of the branch main, and push it; return the commit.

    :raises SampleError: git fails; the message is git's own.
    """
    with tempfile.TemporaryDirectory(prefix="greeter-") as scratch:
        clone = Path(scratch)
        _git(clone, "clone", "--quiet", "--", url, ".")
        # An empty repository has no branch to check out.
        _git(clone, "checkout", "--quiet", "-B", "main")
        shutil.copytree(folder, clone, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        _git(clone, "add", "--all")
        _git(clone, *_AUTHOR, "commit", "--quiet", "--allow-empty", "--message", message)
        _git(clone, "push", "--quiet", "origin", "HEAD:refs/heads/main")
        return _git(clone, "rev-parse", "HEAD")


def _git(folder: Path, *arguments: str) -> str:
    quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *arguments],  # noqa: S607  as the user's PATH finds it
        cwd=folder, env=os.environ | quiet, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SampleError(f"git {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout.strip()
