"""Where the embedded AWS listens and keeps its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

REGION = "us-east-1"
ACCOUNT = "000000000000"


def default_key(account: str, region: str) -> str:
    """The KMS key S3 uses when none is named: AWS's own for S3."""
    return f"arn:aws:kms:{region}:{account}:alias/aws/s3"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What one embedded AWS is started with.

    :param host: the address the gateway listens on.
    :param port: its port, 0 for any free one.
    :param local_dir: the project's `.local`: holds MiniStack's virtual environment.
    :param state_dir: holds everything the services remember; one embedded AWS at a time.
    :param concurrent_builds: how many builds run at once; more wait in QUEUED.
    """

    host: str
    port: int
    local_dir: Path
    state_dir: Path
    concurrent_builds: int

    @property
    def codebuild_dir(self) -> Path:
        """CodeBuild's records and the folders of running builds."""
        return self.state_dir / "codebuild"

    @property
    def git_dir(self) -> Path:
        """The repositories of CodeCommit and of other hosts, and the connections to these."""
        return self.state_dir / "git"

    @property
    def codepipeline_dir(self) -> Path:
        """Where job documents are."""
        return self.state_dir / "codepipeline"
