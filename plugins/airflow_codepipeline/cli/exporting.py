"""`codepipeline export`: a definition as CodePipeline's JSON or as a CloudFormation template."""

from __future__ import annotations

from enum import Enum
from pathlib import Path  # noqa: TC003 typer evaluates the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.errors import DefinitionError
from airflow_codepipeline.importing.export_forms import get_pipeline_text, template_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_codepipeline.definition.model import Pipeline


class Format(Enum):
    """What a definition is exported as."""

    JSON = "json"
    CLOUDFORMATION = "cloudformation"


def export(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A definition.", show_default=False)],
    output_format: Annotated[
        Format, typer.Option("--format", help="json as get-pipeline prints it, or a CloudFormation template.")
    ] = Format.JSON,
) -> None:
    """Print a definition as AWS takes it, its variables filled in for the environment.

    Secrets are printed as `****`, as AWS prints them. Exit code 0: printed. 1: it cannot be read.
    """
    if not path.is_file():
        raise typer.BadParameter(f"{path} is no file.")
    try:
        pipeline = read_pipeline(path)
    except DefinitionError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(_FORMATS[output_format](pipeline), nl=False)


_FORMATS: dict[Format, Callable[[Pipeline], str]] = {
    Format.JSON: get_pipeline_text,
    Format.CLOUDFORMATION: template_text,
}
