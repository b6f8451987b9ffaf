"""The protocol between the engine and a provider, and the values that cross it.

The engine resolves variables, decides when an action runs, stores the job, waits, retries and times
out. A provider knows one service: how to start a job there, ask after it, stop it and read its results.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Protocol

import msgspec

from airflow_codepipeline.artifacts.reference import ArtifactLocation, ArtifactReference
from airflow_codepipeline.definition.model import Action, ArtifactStore

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


CONNECTION_LOST = "ConnectionLost"
"""The code of a `TransientError` for a call that was sent and never answered: it may have been carried out.

Who makes calls that must not be made twice looks for it; every other `TransientError` says that the call
was not carried out.
"""


class AwsIdentity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """As whom, and where, an action calls AWS.

    :param connection_id: the Airflow connection that the roles are assumed from; none means the
        environment's own credentials, as boto3 finds them.
    :param roles: ARNs assumed one after the other: the pipeline's service role, then the action's role.
    """

    region: str
    connection_id: str | None = None
    roles: tuple[str, ...] = ()


class SourceRevision(msgspec.Struct, frozen=True, kw_only=True):
    """The revision a source action is told to take (StartPipelineExecution, sourceRevisions)."""

    type: str
    value: str


class ActionContext(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attempt at one action, or at a rule: everything a provider may know. It travels to the triggerer.

    :param subject: what it is called where something about it is wrong: an action, a rule.
    :param action: the declaration, its configuration resolved: no `#{…}` is left in it.
    :param store: the artifact store of the action's region; none where the pipeline declares none.
    :param action_execution_id: a UUID, the same for the same attempt after any crash and a new one for a
        new attempt: the idempotency token for services that take one.
    :param references: the `{{resolve:…}}` that the declared configuration has, by its keys; what variables
        brought there is none.
    :param source_revisions: what the start of the execution told this source action to take.
    :param source_variables: what this source action is to say of the change that started the execution.
    :param begun: when the attempt was stored, before it started anything.
    :param as_of: the instant whose current revision a source takes (a backfill's data interval end). Only a
        source whose provider says `knows_past = True` gets one.
    """

    pipeline: str
    pipeline_execution_id: str
    stage: str
    action: Action
    action_execution_id: str
    identity: AwsIdentity
    store_identity: AwsIdentity
    subject: str = "Action"
    store: ArtifactStore | None = None
    input_artifacts: tuple[ArtifactReference, ...] = ()
    output_locations: tuple[ArtifactLocation, ...] = ()
    references: dict[str, tuple[str, ...]] = {}
    source_revisions: tuple[SourceRevision, ...] = ()
    source_variables: dict[str, str] = {}
    begun: datetime | None = None
    as_of: datetime | None = None

    def revision(self, type_: str) -> str | None:
        """Return the revision of that type that the source is told to take, or none."""
        return next((given.value for given in self.source_revisions if given.type == type_), None)

    def input(self, name: str) -> ArtifactReference:
        """Return the input artifact of that name.

        :raises KeyError: the action has no such input.
        """
        for artifact in self.input_artifacts:
            if artifact.name == name:
                return artifact
        raise KeyError(name)


class Job(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What runs outside: stored before anything waits for it, so that a restart finds it again.

    :param external_execution_id: the service's own id of the job (build id, stack id, request id).
    :param external_execution_url: where a person sees it, usually in the AWS console.
    :param data: what the provider needs to go on after a restart.
    """

    external_execution_id: str
    external_execution_url: str | None = None
    log_url: str | None = None
    data: dict[str, str] = {}


class JobStatus(Enum):
    """How a job stands. A job that failed is an `ActionError`, not a status."""

    RUNNING = "Running"
    SUCCEEDED = "Succeeded"


class Outputs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an action leaves behind.

    :param variables: its output variables, referable through its namespace.
    :param artifacts: one reference for each declared output artifact.
    :param summary: CodePipeline's externalExecutionSummary: one line for people.
    """

    variables: dict[str, str] = {}
    artifacts: tuple[ArtifactReference, ...] = ()
    summary: str | None = None


class Aws(Protocol):
    """AWS as one attempt sees it: `airflow_codepipeline.aws.session.AwsSession` in a run."""

    context: ActionContext

    def client(self, service: str, *, region: str | None = None) -> Any:
        """Return a boto3 client under the action's identity, in the action's region by default.

        Its calls raise `ActionError` with AWS's error code, or `TransientError`; botocore's waiters,
        which look for botocore's own errors, do not work with it.
        """

    def store_client(self) -> Any:
        """Return an S3 client under the pipeline's identity, in the region of the attempt's store."""

    def artifact_credentials(self) -> dict[str, str]:
        """Return credentials that reach the attempt's artifacts alone, as a job's event names them.

        They are the pipeline's role under a session policy; without a role, the identity's own.
        Keys: accessKeyId, secretAccessKey and, for temporary ones, sessionToken.
        """

    def git_login(self, url: str) -> tuple[str, str]:
        """Return a user name and password for git over HTTP, to CodeCommit or through a connection.

        They are the action's identity, signed for that address; AWS takes them for some minutes.
        """

    def read_file(self, artifact: ArtifactReference, path: str) -> bytes:
        """Return one file of a zip artifact.

        :raises ArtifactError: no such artifact, no such file in it, or it is over the limits.
        """

    def unpack(self, artifact: ArtifactReference, folder: Path) -> list[Path]:
        """Download an artifact and unpack it below `folder`; return the files, sorted, relative to it."""

    def write_artifact(self, location: ArtifactLocation, files: dict[str, bytes]) -> ArtifactReference:
        """Write a zip of `files` to the store and return its reference."""


class ActionProvider(Protocol):
    """One kind of action. Instances have no state: every call gets all it needs.

    Calls come from a worker (`start`, the first `poll`) and from threads of the triggerer (later
    polls, `outputs`, `stop`), so no call may depend on an earlier one having run in the same process.
    """

    poll_seconds: float
    """Seconds between two polls."""

    def start(self, aws: Aws) -> Job:
        """Start the job, once: with the service's idempotency token where it has one.

        It may do the whole work where the work is short and safe to repeat.

        :raises ActionError: the job cannot be started, and a second try would not help.
        :raises TransientError: it may be tried again.
        """

    def poll(self, aws: Aws, job: Job) -> JobStatus:
        """Ask how the job stands. Every status of the service is classified; an unknown one is an error.

        :raises ActionError: the job failed or was stopped from outside.
        """

    def stop(self, aws: Aws, job: Job) -> None:
        """Stop the job; nothing to do where it has ended or the service cannot."""

    def outputs(self, aws: Aws, job: Job) -> Outputs:
        """Read what the job left, after `poll` said that it succeeded. Safe to repeat."""
