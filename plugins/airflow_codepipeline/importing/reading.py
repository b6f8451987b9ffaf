"""Files and folders to what they hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.text import UnreadableError, read_bytes
from airflow_codepipeline.importing import source_text
from airflow_codepipeline.importing.cloudformation.resources import read_resources, refuse_undeclared
from airflow_codepipeline.importing.cloudformation.template import is_template
from airflow_codepipeline.importing.found import Found
from airflow_codepipeline.importing.get_pipeline import is_declaration, read_declaration
from airflow_codepipeline.importing.kinds import NO_PIPELINE, UNKNOWN_FORMAT
from airflow_codepipeline.importing.terraform import is_terraform, read_terraform
from airflow_codepipeline.importing.values import Mapping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_codepipeline.importing.cloudformation.stack import Given
    from airflow_codepipeline.importing.variables import Variables


_LARGEST_BYTES = 32 * 1024 * 1024
"""Of a file that may hold more than pipelines: what Terraform shows of a state has all its resources."""


def read_files(paths: Sequence[Path], *, given: Given, variables: Variables) -> Found:
    """Return everything that files and `cdk.out` folders hold; what is wrong is among it.

    :param given: values for the parameters of templates, and the deployed stack.
    """
    reading = _Reading(given, variables)
    for path in paths:
        if path.is_dir():
            reading.folder(path)
        else:
            reading.file(path, alone=True)
    return reading.done()


def read_text(content: bytes, name: str, *, given: Given, variables: Variables) -> Found:
    """Return everything that a text holds, which is in no file.

    :param name: what the text is called in messages and comments.
    """
    reading = _Reading(given, variables)
    reading.text(content, Path(name), alone=True)
    return reading.done()


class _Reading:
    """Reads one file after the other.

    :param given: values for the parameters of templates, and the deployed stack.
    """

    def __init__(self, given: Given, variables: Variables) -> None:
        self._given = given
        self._variables = variables
        self._found = Found()
        self._declared: set[str] = set()

    def done(self) -> Found:
        """Return what was found."""
        self._found.add_problems("parameters", refuse_undeclared(self._given.parameters, self._declared))
        return self._found

    def folder(self, folder: Path) -> None:
        """Read a `cdk.out` folder."""
        before = self._found.size
        for path in _templates(folder):
            self.file(path, alone=False)
        if self._found.size == before:
            message = "The folder holds no template with a pipeline."
            problem = NO_PIPELINE.problem(message, suggestion=NO_PIPELINE.right)
            self._found.add_problems(str(folder), [problem])

    def file(self, path: Path, *, alone: bool) -> None:
        """Read a file.

        :param alone: whether it must hold something.
        """
        try:
            content = read_bytes(path, largest=_LARGEST_BYTES)
        except UnreadableError as error:
            self._found.add_problems(str(path), error.problems)
        else:
            self.text(content, path, alone=alone)

    def text(self, content: bytes, path: Path, *, alone: bool) -> None:
        """Read the text of a file."""
        try:
            loaded = source_text.load(content)
        except UnreadableError as error:
            is_terraform_source = path.suffix in (".tf", ".tfvars")
            problems = (_not_terraform(),) if is_terraform_source else error.problems
            self._found.add_problems(str(path), problems)
            return
        here = Found()
        here.add_problems(str(path), loaded.problems)
        items = loaded.data if isinstance(loaded.data, list) else [loaded.data]
        for item in items:
            here.add(self._document(item, path))
        here.errors = list(dict.fromkeys(here.errors))
        if alone and not (here.size or here.notes):
            problem = NO_PIPELINE.problem(NO_PIPELINE.what, suggestion=NO_PIPELINE.right, position=(1, 1))
            here.add_problems(str(path), [problem])
        self._found.add(here)

    def _document(self, data: Any, path: Path) -> Found:
        file = str(path)
        if is_template(data):
            parameters = data.get("Parameters")
            self._declared.update(parameters if isinstance(parameters, Mapping) else ())
            return read_resources(
                data, file=file, name=path.name, given=self._given, variables=self._variables
            )
        if is_declaration(data):
            return read_declaration(data, file)
        if is_terraform(data):
            return read_terraform(data, file=file, name=path.name, variables=self._variables)
        found = Found()
        problem = UNKNOWN_FORMAT.problem(
            UNKNOWN_FORMAT.what, suggestion=UNKNOWN_FORMAT.right, position=(1, 1)
        )
        found.add_problems(file, [problem])
        return found


def _templates(folder: Path) -> list[Path]:
    """Return the templates of a cloud assembly, those of nested stacks and of assemblies inside it too.

    Source: CDK cloud assembly schema, artifact types aws:cloudformation:stack and cdk:cloud-assembly. A
    nested stack is an asset, which no manifest tells from others but by its name.
    """
    manifest = folder / "manifest.json"
    try:
        artifacts = json.loads(manifest.read_bytes())["artifacts"].values()
        stacks = [
            folder / artifact["properties"]["templateFile"] for artifact in artifacts if _is_stack(artifact)
        ]
        inner = [
            folder / artifact["properties"]["directoryName"] for artifact in artifacts if _is_inner(artifact)
        ]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return sorted(folder.rglob("*.template.json"))
    nested = sorted(folder.glob("*.nested.template.json"))
    below = (path for directory in inner for path in _templates(directory))
    return list(dict.fromkeys((*stacks, *nested, *below)))


def _is_stack(artifact: Any) -> bool:
    return bool(artifact["type"] == "aws:cloudformation:stack")


def _is_inner(artifact: Any) -> bool:
    return bool(artifact["type"] == "cdk:cloud-assembly")


def _not_terraform() -> Any:
    message = "Terraform's source cannot be imported: its values are only known to Terraform."
    return UNKNOWN_FORMAT.problem(
        message,
        suggestion="Import what `terraform show -json` prints of a plan or of the state.",
        position=(1, 1),
    )
