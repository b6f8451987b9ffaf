from __future__ import annotations

import pytest

from embedded_aws.buildspec.model import ArtifactFiles, PhaseCommands
from embedded_aws.buildspec.reader import read
from embedded_aws.errors import BuildError

MINIMAL = "version: 0.2\nphases: {build: {commands: [make]}}\n"


def test_everything_a_build_uses_is_read() -> None:
    spec = read(
        """
version: 0.2
env:
  shell: bash
  variables: {A: 1, B: yes}
  parameter-store: {P: /name}
  secrets-manager: {S: "id:key"}
  exported-variables: [A]
phases:
  install:
    runtime-versions: {python: 3.11}
    on-failure: CONTINUE
    commands: [true, "echo: x"]
    finally: [echo done]
artifacts:
  files: ['**/*']
  exclude-paths: ['*.pyc']
  base-directory: dist
  discard-paths: yes
  name: app-$(date).zip
  secondary-artifacts:
    two: {files: [x]}
""",
        "buildspec.yml",
    )
    assert (spec.version, spec.shell, spec.one_shell) == ("0.2", "bash", True)
    assert spec.variables == {"A": "1", "B": "yes"}
    assert (spec.parameter_store, spec.secrets_manager) == ({"P": "/name"}, {"S": "id:key"})
    assert spec.exported_variables == ("A",)
    assert spec.phases == {
        "install": PhaseCommands(commands=("true", "echo: x"), last=("echo done",), on_failure="CONTINUE")
    }
    assert spec.artifacts == ArtifactFiles(
        files=("**/*",),
        exclude=("*.pyc",),
        base_directory="dist",
        discard_paths=True,
        name="app-$(date).zip",
    )
    assert spec.secondary_artifacts == {"two": ArtifactFiles(files=("x",))}


def test_version_0_1_has_its_own_key_for_variables_and_a_shell_for_each_command() -> None:
    spec = read(
        "version: 0.1\nenvironment_variables: {plaintext: {A: b}}\nphases: {build: {commands: [x]}}\n", "b"
    )
    assert (spec.variables, spec.one_shell) == ({"A": "b"}, False)


def test_what_is_ignored_is_said() -> None:
    spec = read(MINIMAL + "reports: {}\ncache: {paths: [x]}\n", "b")
    assert spec.remarks == ("cache is not supported here", "reports is not supported here")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 0.2\nphases: [", "b: while parsing"),
        ("phases: {build: {commands: [x]}}", "b: version '' is unknown; it must be 0.1 or 0.2"),
        ("version: 0.2", "b/phases: there is no phase"),
        ("version: 0.2\nphases: {biuld: {}}", "b/phases: unknown key 'biuld'; did you mean build?"),
        ("version: 0.2\nphases: {build: {commands: make}}", "b/phases/build: commands must be a list"),
        (
            "version: 0.2\nphases: {build: {commands: [echo a: b, {a: b}]}}",
            "b/phases/build: commands[0] must be a text; quote a command that holds ': '",
        ),
        (
            "version: 0.2\nphases: {build: {on-failure: STOP}}",
            "b/phases/build: on-failure 'STOP' is unknown; it must be ABORT or CONTINUE",
        ),
        (
            MINIMAL + "artifacts: {secondary-artifacts: {a: {}}}",
            "b/artifacts/secondary-artifacts/a: files is missing",
        ),
        (MINIMAL + "env: [a]", "b/env: must be a mapping of keys to values"),
        (MINIMAL + "env: {shell: powershell.exe}", "b/env: shell 'powershell.exe' is not supported here"),
        ("- a", "b: must be a mapping"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_place_and_what_would_be_right(text: str, message: str) -> None:
    with pytest.raises(BuildError) as raised:
        read(text, "b")
    assert raised.value.code == "YAML_FILE_ERROR"
    assert raised.value.message.startswith(message)
