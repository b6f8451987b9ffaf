"""Attempts at actions, and an AWS whose clients answer what a test tells them to."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.stub import Stubber

from airflow_codepipeline.actions.base import ActionContext, AwsIdentity
from airflow_codepipeline.actions.objects import reference as written_reference
from airflow_codepipeline.artifacts.layout import plan_outputs
from airflow_codepipeline.artifacts.reference import ArtifactLocation, ArtifactReference
from airflow_codepipeline.aws.credentials import login
from airflow_codepipeline.definition.extension import ActionExtension
from airflow_codepipeline.definition.model import (
    Action,
    ActionTypeId,
    ArtifactStore,
    EncryptionKey,
    InputArtifact,
    OutputArtifact,
    Pipeline,
    Stage,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

REGION = "eu-west-1"
ATTEMPT = "0c3f1f0e-8d5e-4f5b-9d0f-0f8c4f0e8d5e"
EXECUTION = "b3a5d1a2-0000-4000-8000-000000000001"


def reference(name: str, *, version_id: str | None = None, region: str = REGION) -> ArtifactReference:
    return ArtifactReference(
        name=name,
        bucket="store",
        key=f"pipeline/{name[:10]}/0000000.zip",
        region=region,
        version_id=version_id,
    )


def attempt(
    category: Any,
    provider: str,
    configuration: dict[str, str],
    *,
    inputs: Sequence[ArtifactReference] = (),
    outputs: Sequence[str] = (),
    key_id: str | None = None,
    store: str = "store",
    roles: tuple[str, ...] = (),
    invocation: Any = None,
    attempt_id: str = ATTEMPT,
    **more: Any,
) -> ActionContext:
    action = Action(
        name="TheAction",
        action_type_id=ActionTypeId(category=category, provider=provider),
        configuration=configuration,
        input_artifacts=tuple(InputArtifact(name=item.name) for item in inputs),
        output_artifacts=tuple(OutputArtifact(name=name) for name in outputs),
        airflow=ActionExtension(invocation=invocation),
    )
    pipeline = Pipeline(
        name="pipeline",
        stages=(Stage(name="TheStage", actions=(action,)),),
        artifact_store=ArtifactStore(
            location=store, encryption_key=EncryptionKey(id=key_id) if key_id else None
        ),
    )
    identity = AwsIdentity(region=REGION, roles=roles)
    return ActionContext(
        pipeline=pipeline.name,
        pipeline_execution_id=EXECUTION,
        stage="TheStage",
        action=action,
        action_execution_id=attempt_id,
        identity=identity,
        store_identity=identity,
        store=pipeline.artifact_store,
        input_artifacts=tuple(inputs),
        output_locations=plan_outputs(pipeline, action, action_execution_id=attempt_id, region=REGION),
        **more,
    )


def new_attempt_id() -> str:
    return str(uuid.uuid4())


class ScriptedAws:
    """An `Aws` whose services answer from a script, in order, and refuse every other call.

    :param files: what the artifacts hold, by `Artifact::path`.
    """

    def __init__(self, context: ActionContext, files: dict[str, bytes] | None = None) -> None:
        self.context = context
        self.files = files or {}
        self.written: list[dict[str, bytes]] = []
        self._clients: dict[str, tuple[Any, Stubber]] = {}
        self._stack = ExitStack()

    def script(self, service: str) -> Stubber:
        self.client(service)
        return self._clients[service][1]

    def client(self, service: str, *, region: str | None = None) -> Any:
        if service not in self._clients:
            client = login(None).client(service, region or REGION, Config(retries={"total_max_attempts": 1}))
            self._clients[service] = (client, self._stack.enter_context(Stubber(client)))
        return self._clients[service][0]

    def store_client(self) -> Any:
        return self.client("s3")

    def artifact_credentials(self) -> dict[str, str]:
        return {"accessKeyId": "key", "secretAccessKey": "secret"}

    def read_file(self, artifact: ArtifactReference, path: str) -> bytes:
        return self.files[f"{artifact.name}::{path}"]

    def unpack(self, artifact: ArtifactReference, folder: Path) -> list[Path]:
        raise NotImplementedError

    def write_artifact(self, location: ArtifactLocation, files: dict[str, bytes]) -> ArtifactReference:
        self.written.append(files)
        return written_reference(location, None)

    def finished(self) -> None:
        for _, stub in self._clients.values():
            stub.assert_no_pending_responses()

    def close(self) -> None:
        self._stack.close()
