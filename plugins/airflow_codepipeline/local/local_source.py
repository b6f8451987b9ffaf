"""A source action that takes what lies on this machine, so that a change can be tried before it is pushed."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from typing import IO, TYPE_CHECKING, Any

import msgspec
from airflow.sdk.exceptions import AirflowFailException

from airflow_codepipeline.actions.base import Job, Outputs
from airflow_codepipeline.actions.registry import open_session
from airflow_codepipeline.artifacts.bundle import zip_folder
from airflow_codepipeline.artifacts.layout import encryption
from airflow_codepipeline.dag.attempt import new_attempt
from airflow_codepipeline.dag.result import ActionResult
from airflow_codepipeline.errors import CodePipelineError

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_codepipeline.actions.base import ActionContext
    from airflow_codepipeline.artifacts.reference import ArtifactReference
    from airflow_codepipeline.dag.wiring import ActionDeclaration


class LocalSource:
    """Stands for the source of one action.

    :param path: a folder, or a zip file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def run(self, declaration: ActionDeclaration, context: dict[str, Any]) -> dict[str, Any]:
        """Write the folder to the artifact store; return the action's result.

        Every variable that the action's configuration names has its configured value; the revision is the
        content's SHA-256.

        :raises AirflowFailException: the folder cannot be zipped, or the store cannot be written.
        """
        try:
            attempt = new_attempt(declaration, context, generation=0, attempt=1).context
            with tempfile.TemporaryFile() as body:
                self._zip(body)
                revision = _sha256(body)
                artifacts = tuple(_upload(attempt, body, revision))
        except (CodePipelineError, OSError) as error:
            raise AirflowFailException(f"{declaration} failed: {self._path}: {error}") from error
        job = Job(external_execution_id=revision, external_execution_url=self._path.resolve().as_uri())
        return ActionResult.of(attempt, job, self._outputs(attempt, artifacts, revision)).to_xcom()

    def _zip(self, body: IO[bytes]) -> None:
        if self._path.is_dir():
            zip_folder(self._path, body)
        else:
            with self._path.open("rb") as file:
                shutil.copyfileobj(file, body)

    def _outputs(
        self, attempt: ActionContext, artifacts: tuple[ArtifactReference, ...], revision: str
    ) -> Outputs:
        configuration = attempt.action.configuration
        variables = {
            "BucketName": configuration.get("S3Bucket"),
            "ObjectKey": configuration.get("S3ObjectKey"),
            "RepositoryName": configuration.get("RepositoryName"),
            "BranchName": configuration.get("BranchName"),
        }
        known = {key: value for key, value in variables.items() if value is not None}
        revisions = dict.fromkeys(("CommitId", "ETag", "VersionId"), revision)
        return Outputs(
            variables=known | revisions, artifacts=artifacts, summary=f"Local source {self._path.name}"
        )


def _sha256(body: IO[bytes]) -> str:
    body.seek(0)
    digest = hashlib.file_digest(body, "sha256").hexdigest()  # type: ignore[arg-type]
    body.seek(0)
    return digest


def _upload(attempt: ActionContext, body: IO[bytes], revision: str) -> list[ArtifactReference]:
    client = open_session(attempt).store_client()
    references = []
    for location in attempt.output_locations:
        body.seek(0)
        with contextlib.closing(tempfile.TemporaryFile()) as copy:
            shutil.copyfileobj(body, copy)
            copy.seek(0)
            client.upload_fileobj(
                copy, location.bucket, location.key, ExtraArgs=encryption(location.kms_key_id)
            )
        references.append(msgspec.structs.replace(location.written(None), revision_id=revision))
    return references
