"""What a build works with: its folders, its sandbox and its service role."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from embedded_aws.buildspec.reader import read
from embedded_aws.codebuild import environment, interpreter, variables
from embedded_aws.codebuild import sandbox as walls
from embedded_aws.codebuild.commands import Commands
from embedded_aws.codebuild.shell import Shell
from embedded_aws.codebuild.source import bucket_and_key, fetch
from embedded_aws.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path

    import boto3

    from embedded_aws.backend import Backend
    from embedded_aws.buildspec.model import Buildspec
    from embedded_aws.codebuild.log import BuildLog
    from embedded_aws.codebuild.model import Build, Record
    from embedded_aws.codebuild.sandbox import Sandbox
    from embedded_aws.codebuild.tracker import Tracker

_DEFAULT_BUILDSPEC = "buildspec.yml"
# STS API, AssumeRole: DurationSeconds.
_SHORTEST_SESSION, _LONGEST_SESSION = 900, 43_200


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """The place of one build."""

    record: Record
    backend: Backend
    folder: Path
    sandbox: Sandbox
    session: boto3.Session
    gateway_url: str
    deadline: float

    @classmethod
    def make(
        cls, *, record: Record, backend: Backend, folder: Path, gateway_url: str, deadline: float
    ) -> Workplace:
        """Make the build's folders and assume its service role.

        :raises BuildError: STS refuses the role.
        """
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("home", "output"):
            (folder / name).mkdir(parents=True)
        interpreter.prepare(folder / "python")
        return cls(
            record=record,
            backend=backend,
            folder=folder,
            sandbox=walls.sandbox(folder),
            session=_assume(record, backend),
            gateway_url=gateway_url,
            deadline=deadline,
        )

    def client(self, service: str) -> Any:
        """A client of `service` as the service role."""
        return self.backend.client(self.session, service)

    def download(self, tracker: Tracker, log: BuildLog) -> Commands:
        """Get the sources, read the build specification, and be ready for its commands.

        :raises BuildError: one of these cannot be done.
        """
        build = tracker.build
        fetched = fetch(build, self.folder / "output", self.client("s3"), self.gateway_url)
        tracker.update(resolved_source_version=fetched.resolved_version)
        source = fetched.folders[""]
        buildspec = self._buildspec(build, source)
        values = variables.resolve(buildspec, build.environment.environment_variables, self.client)
        log.hide(values.secrets)
        for remark in buildspec.remarks:
            log.say(f"NOTE: {remark}")
        given = self._defaults() | values.by_name | environment.fixed(build, fetched, self.sandbox)
        return Commands(
            buildspec=buildspec,
            shell=self._shell(buildspec, source, given, log),
            log=log,
            source=source,
            root=self.folder / "output",
            s3=self.client("s3"),
        )

    def _defaults(self) -> dict[str, str]:
        return environment.defaults(
            sandbox=self.sandbox,
            home=self.folder / "home",
            region=self.record.region,
            gateway_url=self.gateway_url,
            keys=self.session.get_credentials().get_frozen_credentials(),
        )

    def _shell(self, buildspec: Buildspec, source: Path, given: dict[str, str], log: BuildLog) -> Shell:
        return Shell(
            sandbox=self.sandbox,
            control=self.folder / "control",
            folder=source,
            program=f"/bin/{buildspec.shell}",
            environment=given,
            output=log.output,
            deadline=self.deadline,
            process_file=self.folder.with_suffix(".process"),
        )

    def _buildspec(self, build: Build, source: Path) -> Buildspec:
        """The build specification: inline, of an S3 object, or a file of the primary source.

        See CodeBuild API, ProjectSource: buildspec.
        """
        wanted = build.source.buildspec or _DEFAULT_BUILDSPEC
        if "\n" in wanted or wanted.lstrip().startswith("{"):
            return read(wanted, "buildspec")
        if wanted.startswith("arn:"):
            return read(self._object(wanted), wanted)
        path = (source / wanted).resolve()
        if not path.is_relative_to(source.resolve()) or not path.is_file():
            raise BuildError("YAML_FILE_ERROR", f"{wanted}: no such file in the source")
        return read(path.read_text(errors="replace"), wanted)

    def _object(self, arn: str) -> str:
        bucket, key = bucket_and_key(arn)
        try:
            return str(self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode())
        except (BotoCoreError, ClientError, UnicodeDecodeError) as error:
            raise BuildError("YAML_FILE_ERROR", f"{arn} cannot be read: {error}") from error


def _assume(record: Record, backend: Backend) -> boto3.Session:
    build = record.build
    seconds = min(max(build.timeout_in_minutes * 60, _SHORTEST_SESSION), _LONGEST_SESSION)
    name = f"AWSCodeBuild-{build.logs.stream_name}"
    try:
        return backend.role_session(build.service_role, record.region, name=name, seconds=seconds)
    except (BotoCoreError, ClientError, IndexError) as error:
        message = f"CodeBuild cannot assume the service role {build.service_role}: {error}"
        raise BuildError("ACCESS_DENIED", message) from error
