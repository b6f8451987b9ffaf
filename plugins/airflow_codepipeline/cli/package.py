"""`codepipeline package mwaa`: what is uploaded to an environment of Amazon MWAA."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from airflow_codepipeline.cli.mwaa import IMAGES, MARKER, PackageError, Project, write_package
from airflow_codepipeline.definition.reader import examine
from airflow_codepipeline.definition.variables_file import ENVIRONMENT_VARIABLE
from airflow_codepipeline.settings import definition_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.cli.mwaa import Image

_NO_ENVIRONMENT = "local"

app = typer.Typer(help="Pack the project for a managed Airflow.", no_args_is_help=True)


@app.callback()
def package() -> None:
    """Pack the project for a managed Airflow."""


@app.command()
def mwaa(
    output: Annotated[Path, typer.Option(help="The folder to write.", show_default=False)],
    airflow_version: Annotated[str, typer.Option(help=f"One of {', '.join(IMAGES)}.")] = max(IMAGES),
    environment: Annotated[
        str, typer.Option(envvar=ENVIRONMENT_VARIABLE, help="Whose values the definitions take.")
    ] = _NO_ENVIRONMENT,
    project: Annotated[Path, typer.Option(help="Holds dags/, plugins/ and include/.")] = Path(),
) -> None:
    """Write dags/, plugins.zip, requirements.txt and startup.sh for an environment's bucket.

    Exit code 0: written. 1: definitions have errors, or the folder cannot be written. 2: the command line
    is wrong.
    """
    image = _image(airflow_version)
    packed = Project(folder=project.resolve(), environment=environment)
    try:
        packed.check()
        _check_environment(packed)
        _check_definitions(packed)
        write_package(packed, image, output)
    except PackageError as error:
        typer.echo(f"ERROR: {error}", err=True)
        raise typer.Exit(1) from error
    _tell(packed, image, output)


def _image(airflow_version: str) -> Image:
    if airflow_version not in IMAGES:
        raise typer.BadParameter(
            f"{airflow_version} is not known; the known versions are {', '.join(IMAGES)}.",
            param_hint="--airflow-version",
        )
    return IMAGES[airflow_version]


def _check_definitions(project: Project) -> None:
    """Print every finding; stop where one is an error, which on MWAA would be an import error."""
    files = definition_files(project.pipelines)
    if not files:
        raise PackageError(f"{project.pipelines} holds no definition.")
    with _in_environment(project.environment):
        findings = [finding for file in files for finding in examine(file).findings]
    for finding in findings:
        typer.echo(str(finding), err=True)
    errors = sum(finding.severity == "error" for finding in findings)
    if errors:
        raise PackageError(f"Nothing was written: {errors} error(s) in {project.pipelines}.")


def _check_environment(project: Project) -> None:
    """Refuse an environment that has no values: it is most likely misspelled."""
    known = sorted(path.stem for path in project.variables.parent.glob("*.yaml"))
    if project.environment not in {_NO_ENVIRONMENT, *known}:
        raise typer.BadParameter(
            f"There is no include/variables/{project.environment}.yaml, only {', '.join(known) or 'none'}.",
            param_hint="--environment",
        )


@contextmanager
def _in_environment(name: str) -> Iterator[None]:
    """Let definitions take the values of an environment."""
    before = os.environ.get(ENVIRONMENT_VARIABLE)
    os.environ[ENVIRONMENT_VARIABLE] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ[ENVIRONMENT_VARIABLE]
        else:
            os.environ[ENVIRONMENT_VARIABLE] = before


def _tell(project: Project, image: Image, output: Path) -> None:
    typer.echo(f"Wrote {output} for MWAA's Airflow {image.airflow}:")
    for path in sorted(output.iterdir()):
        if path.name != MARKER:
            typer.echo(f"  {path.name}{'/' if path.is_dir() else ''}")
    values = "values of include/variables/" + project.variables.name
    if not project.variables.is_file():
        values = f"no values: there is no include/variables/{project.variables.name}"
    typer.echo(f"The definitions take {values} (--environment takes others).")
    typer.echo(f"Next: the commands in {output / 'README.txt'}.")
