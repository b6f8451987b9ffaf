"""Reads a build specification."""

from __future__ import annotations

from typing import Any

import yaml

from embedded_aws.buildspec.model import PHASES, ArtifactFiles, Buildspec, PhaseCommands
from embedded_aws.buildspec.place import Place
from embedded_aws.errors import BuildError

# The base loader leaves every scalar a text: `true` is a command, and `discard-paths: yes` needs no YAML 1.1.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_VERSIONS = ("0.1", "0.2")
_IGNORED = ("batch", "cache", "proxy", "reports", "run-as")
_TOP = ("artifacts", "env", "environment_variables", "phases", "version", *_IGNORED)
_ENV = (
    "exported-variables",
    "git-credential-helper",
    "parameter-store",
    "secrets-manager",
    "shell",
    "variables",
)
_PHASE = ("commands", "finally", "on-failure", "run-as", "runtime-versions")
_ARTIFACTS = ("base-directory", "discard-paths", "enable-symlinks", "exclude-paths", "files", "name",
              "s3-prefix", "type")  # fmt: skip


def read(text: str, name: str) -> Buildspec:
    """The build specification in `text`.

    :param name: of the file, for errors.
    :raises BuildError: YAML_FILE_ERROR, saying where and what would be right.
    """
    try:
        document = yaml.load(text, Loader=_LOADER)  # noqa: S506  a base loader makes nothing but texts
    except yaml.YAMLError as error:
        raise BuildError("YAML_FILE_ERROR", f"{name}: {error}") from error
    top = Place(name, document)
    top.refuse_unknown(_TOP)
    version = top.text("version")
    if version not in _VERSIONS:
        raise top.error(f"version '{version or ''}' is unknown; it must be 0.1 or 0.2")
    remarks: list[str] = [f"{key} is not supported here" for key in _IGNORED if top.has(key)]
    return Buildspec(
        version=version,
        **_environment(top, remarks),
        phases=_phases(top.part("phases"), remarks),
        **_all_artifacts(top.part("artifacts")),
        remarks=tuple(remarks),
    )


def _environment(top: Place, remarks: list[str]) -> dict[str, Any]:
    env = top.part("env")
    env.refuse_unknown(_ENV)
    if env.has("git-credential-helper"):
        remarks.append("env/git-credential-helper is not supported here")
    shell = env.text("shell") or "sh"
    if shell not in ("bash", "sh", "/bin/sh"):
        raise env.error(f"shell '{shell}' is not supported here; it must be bash or sh")
    plaintext = top.part("environment_variables").part("plaintext").texts_by_name()
    return {
        "shell": "bash" if shell == "bash" else "sh",
        "variables": plaintext | env.part("variables").texts_by_name(),
        "parameter_store": env.part("parameter-store").texts_by_name(),
        "secrets_manager": env.part("secrets-manager").texts_by_name(),
        "exported_variables": env.texts("exported-variables"),
    }


def _phases(phases: Place, remarks: list[str]) -> dict[str, PhaseCommands]:
    phases.refuse_unknown(PHASES)
    if not phases.names():
        raise phases.error(f"there is no phase; at least one of {', '.join(PHASES)} is needed")
    return {name: _phase(phases.part(name), name, remarks) for name in PHASES if phases.has(name)}


def _phase(phase: Place, name: str, remarks: list[str]) -> PhaseCommands:
    phase.refuse_unknown(_PHASE)
    if phase.has("run-as"):
        remarks.append(f"phases/{name}/run-as is not supported here")
    if versions := phase.part("runtime-versions").texts_by_name():
        asked = ", ".join(f"{runtime} {version}" for runtime, version in versions.items())
        remarks.append(f"runtime-versions ({asked}): the build has what this machine has")
    on_failure = phase.text("on-failure")
    if on_failure is not None and on_failure.startswith("RETRY"):
        remarks.append(f"phases/{name}/on-failure: {on_failure} is not supported here")
        on_failure = None
    if on_failure not in ("ABORT", "CONTINUE", None):
        raise phase.error(f"on-failure '{on_failure}' is unknown; it must be ABORT or CONTINUE")
    return PhaseCommands(
        commands=phase.texts("commands"),
        last=phase.texts("finally"),
        on_failure=on_failure,  # type: ignore[arg-type]  # checked above
    )


def _all_artifacts(artifacts: Place) -> dict[str, Any]:
    secondary = artifacts.part("secondary-artifacts")
    artifacts.refuse_unknown((*_ARTIFACTS, "secondary-artifacts"))
    return {
        "artifacts": _artifacts(artifacts) if artifacts.has("files") else None,
        "secondary_artifacts": {name: _artifacts(secondary.part(name)) for name in secondary.names()},
    }


def _artifacts(artifacts: Place) -> ArtifactFiles:
    artifacts.refuse_unknown((*_ARTIFACTS, "secondary-artifacts"))
    files = artifacts.texts("files")
    if not files:
        raise artifacts.error("files is missing; '**/*' takes every file")
    return ArtifactFiles(
        files=files,
        exclude=artifacts.texts("exclude-paths"),
        base_directory=artifacts.text("base-directory") or ".",
        discard_paths=(artifacts.text("discard-paths") or "no").lower() in ("yes", "true"),
        name=artifacts.text("name"),
    )
