"""`codepipeline triggers template`: the CloudFormation of change detection."""

from __future__ import annotations

import json
import re
from enum import Enum
from pathlib import Path  # noqa: TC003 typer evaluates the annotations
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer
import yaml

from airflow_codepipeline.changes.rules_template import ADDRESS, api_destination_template, queue_template
from airflow_codepipeline.changes.watched import watched_sources
from airflow_codepipeline.cli.definitions import definition_files
from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow_codepipeline.definition.model import Pipeline

_LOCAL = frozenset({"localhost", "127.0.0.1"})
_QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,67}")
"""SQS allows 80 characters; the dead-letter queue is called so with `-dead-letters` behind it."""

app = typer.Typer(help="What starts pipelines when sources change.", no_args_is_help=True)


class Format(Enum):
    """How the template is written."""

    YAML = "yaml"
    JSON = "json"


@app.callback()
def triggers() -> None:
    """What starts pipelines when sources change."""


@app.command()
def template(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Definitions, or folders of definitions.", show_default=False),
    ],
    queue_name: Annotated[
        str | None, typer.Option(help="What the queue is called.", show_default=False)
    ] = None,
    api_destination: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Send to Airflow at this address instead of a queue.", show_default=False
        ),
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="yaml or json.")] = Format.YAML,
) -> None:
    """Print a CloudFormation template: a rule for each source that the definitions take, and its target.

    Exit code 0: printed. 1: a definition cannot be read, or none takes what EventBridge tells of. 2: the
    command line is wrong.
    """
    if queue_name is not None:
        _check_queue_name(queue_name, api_destination)
    address = _address(api_destination) if api_destination else None
    sources = watched_sources(_pipelines(definition_files(paths)))
    if not sources:
        typer.echo(
            "No definition takes anything of S3, CodeCommit or ECR: there is nothing to watch.", err=True
        )
        raise typer.Exit(1)
    made = (
        api_destination_template(sources, url=address)
        if address
        else queue_template(sources, queue_name=queue_name)
    )
    typer.echo(_text(made, output_format), nl=False)


def _pipelines(files: Iterable[Path]) -> Iterator[Pipeline]:
    for file in files:
        try:
            yield read_pipeline(file)
        except DefinitionError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error


def _check_queue_name(name: str, api_destination: str | None) -> None:
    """Check that there is to be a queue, and that it can be called so.

    :raises typer.BadParameter: it cannot.
    """
    if api_destination:
        raise typer.BadParameter("--queue-name and --api-destination exclude each other.")
    if not _QUEUE_NAME.fullmatch(name):
        raise typer.BadParameter(
            f"{name!r} is no name for a queue: that has 1 to 67 letters, digits, '_' and '-'.",
            param_hint="--queue-name",
        )


def _address(url: str) -> str:
    """Return where the receiver is, of Airflow's address or its own.

    :raises typer.BadParameter: EventBridge cannot send there.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise typer.BadParameter(f"{url} is no address: {error}.") from error
    if not parts.hostname or not (parts.scheme == "https" or parts.hostname in _LOCAL):
        raise typer.BadParameter(f"{url} is no address that EventBridge sends to: that begins with https://.")
    plain = url.rstrip("/")
    return plain if plain.endswith(ADDRESS) else f"{plain}{ADDRESS}"


def _text(made: dict[str, Any], output_format: Format) -> str:
    if output_format is Format.JSON:
        return json.dumps(made, indent=2) + "\n"
    return str(yaml.dump(made, Dumper=_WithoutAliases, sort_keys=False, width=1_000_000))


class _WithoutAliases(yaml.SafeDumper):
    """CloudFormation reads no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Write everything out."""
        return True
