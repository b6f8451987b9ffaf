"""Files and folders to what they hold."""

from __future__ import annotations

import json
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
    from pathlib import Path

    from airflow_codepipeline.importing.variables import Variables


def read_files(paths: Sequence[Path], *, given: dict[str, str], variables: Variables) -> Found:
    """Return everything that files and `cdk.out` folders hold; what is wrong is among it.

    :param given: values for the parameters of templates.
    """
    found = Found()
    declared: set[str] = set()
    for path in paths:
        if path.is_dir():
            _folder(path, found, declared, given, variables)
        else:
            _file(path, found, declared, given, variables, alone=True)
    found.add_problems("", refuse_undeclared(given, declared))
    return found


def _folder(
    folder: Path, found: Found, declared: set[str], given: dict[str, str], variables: Variables
) -> None:
    before = len(found.pipelines) + len(found.side_files) + len(found.errors)
    for path in _templates(folder):
        _file(path, found, declared, given, variables, alone=False)
    if len(found.pipelines) + len(found.side_files) + len(found.errors) == before:
        message = "The folder holds no template with a pipeline."
        found.add_problems(str(folder), [NO_PIPELINE.problem(message, suggestion=NO_PIPELINE.right)])


def _templates(folder: Path) -> list[Path]:
    """Return the templates of a cloud assembly, those of the assemblies inside it too.

    Source: CDK cloud assembly schema, artifact types aws:cloudformation:stack and cdk:cloud-assembly.
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
    nested = (path for directory in inner for path in _templates(directory))
    return list(dict.fromkeys(path for path in (*stacks, *nested) if path.is_file()))


def _is_stack(artifact: Any) -> bool:
    return bool(artifact["type"] == "aws:cloudformation:stack")


def _is_inner(artifact: Any) -> bool:
    return bool(artifact["type"] == "cdk:cloud-assembly")


def _file(
    path: Path,
    found: Found,
    declared: set[str],
    given: dict[str, str],
    variables: Variables,
    *,
    alone: bool,
) -> None:
    try:
        loaded = source_text.load(read_bytes(path))
    except UnreadableError as error:
        if path.suffix in (".tf", ".tfvars"):
            found.add_problems(str(path), [_not_terraform()])
        else:
            found.add_problems(str(path), error.problems)
        return
    here = Found()
    here.add_problems(str(path), loaded.problems)
    items = loaded.data if isinstance(loaded.data, list) else [loaded.data]
    for item in items:
        _take(here, _document(item, path, declared, given, variables))
    if alone and not (here.pipelines or here.side_files or here.errors or here.notes):
        problem = NO_PIPELINE.problem(NO_PIPELINE.what, suggestion=NO_PIPELINE.right)
        here.add_problems(str(path), [problem])
    _take(found, here)


def _document(
    data: Any, path: Path, declared: set[str], given: dict[str, str], variables: Variables
) -> Found:
    file = str(path)
    if is_template(data):
        parameters = data.get("Parameters")
        declared.update(parameters if isinstance(parameters, Mapping) else ())
        return read_resources(data, file=file, name=path.name, given=given, variables=variables)
    if is_declaration(data):
        return read_declaration(data, file)
    if is_terraform(data):
        return read_terraform(data, file=file, name=path.name, variables=variables)
    found = Found()
    found.add_problems(
        file, [UNKNOWN_FORMAT.problem(UNKNOWN_FORMAT.what, suggestion=UNKNOWN_FORMAT.right, position=(1, 1))]
    )
    return found


def _not_terraform() -> Any:
    message = "Terraform's source cannot be imported: its values are only known to Terraform."
    return UNKNOWN_FORMAT.problem(
        message, suggestion="Import what `terraform show -json` prints of a plan or of the state."
    )


def _take(found: Found, more: Found) -> None:
    found.pipelines += more.pipelines
    found.side_files += more.side_files
    found.errors += more.errors
    found.notes += more.notes
