"""AWS as one attempt at one action sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.aws.artifact_credentials import limited_credentials
from airflow_codepipeline.aws.clients import CLIENTS
from airflow_codepipeline.aws.git_signature import git_login
from airflow_codepipeline.aws.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_codepipeline.actions.base import ActionContext
    from airflow_codepipeline.artifacts.reference import ArtifactLocation, ArtifactReference


class AwsSession:
    """`actions.base.Aws` on boto3.

    :param context: the attempt; its identities say as whom AWS is called.
    """

    def __init__(self, context: ActionContext) -> None:
        self.context = context

    def client(self, service: str, *, region: str | None = None) -> Any:
        """Return a client under the action's identity, in the action's region by default."""
        identity = self.context.identity
        execution = self.context.pipeline_execution_id
        return CLIENTS.get(identity, execution, service, region or identity.region)

    def store_client(self) -> Any:
        """Return an S3 client under the pipeline's identity, in the region of the attempt's store."""
        return self._store_client(self.context.identity.region)

    def artifact_credentials(self) -> dict[str, str]:
        """Return credentials for the attempt's artifacts alone."""
        return limited_credentials(self.context)

    def git_login(self, url: str) -> tuple[str, str]:
        """Return a user name and password for git over HTTP, to CodeCommit or through a connection."""
        return git_login(self.context, url)

    def read_file(self, artifact: ArtifactReference, path: str) -> bytes:
        """Return one file of a zip artifact."""
        return self._store(artifact.region).read_file(artifact, path)

    def unpack(self, artifact: ArtifactReference, folder: Path) -> list[Path]:
        """Download an artifact and unpack it below `folder`."""
        return self._store(artifact.region).unpack(artifact, folder)

    def write_artifact(self, location: ArtifactLocation, files: dict[str, bytes]) -> ArtifactReference:
        """Write a zip of `files` to the store and return its reference."""
        return self._store(location.region).write(location, files)

    def _store(self, region: str) -> Store:
        return Store(self._store_client(region))

    def _store_client(self, region: str) -> Any:
        identity = msgspec.structs.replace(self.context.store_identity, region=region)
        return CLIENTS.get(identity, self.context.pipeline_execution_id, "s3", region)
