"""`codepipeline aws up|down|status`: the embedded AWS."""

from __future__ import annotations

import json
import os
import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from airflow_codepipeline.cli.embedded import (
    DEFAULT_PORT,
    LARGEST_PORT,
    EmbeddedAwsError,
    Endpoint,
    command,
    embedded_environment,
    ensure_up,
    environment,
    health,
    running,
    shut_down,
)
from airflow_codepipeline.cli.places import project_folder
from airflow_codepipeline.errors import CodePipelineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.local.sample import Sample

__all__ = ["EmbeddedAwsError", "Endpoint", "app", "embedded_environment", "ensure_up", "shut_down"]

app = typer.Typer(help="The embedded AWS: start, stop and look at it.", no_args_is_help=True)

_NO_SANDBOX = (
    "WARNING: builds run without a sandbox, because bubblewrap is missing or not allowed on this machine. "
    "A build's commands can read and change whatever you can."
)


@app.command()
def up(
    port: Annotated[
        int, typer.Option(min=0, max=LARGEST_PORT, help="The gateway's port; 0 takes any free one.")
    ] = DEFAULT_PORT,
    foreground: Annotated[bool, typer.Option(help="Stay, and stop with Ctrl-C.")] = False,
    sample: Annotated[bool, typer.Option(help="Make what the sample pipeline needs there.")] = False,
) -> None:
    """Start the embedded AWS unless it runs, and print how to use it."""
    with _errors_told():
        if foreground:
            serve = command("serve", "--port", str(port))
            os.execve(serve[0], serve, environment())  # noqa: S606  this process becomes the gateway
        endpoint = ensure_up(port)
        typer.echo(f"# The embedded AWS is {'up' if endpoint.started else 'already up'} at {endpoint.url}")
        if health(endpoint)["sandbox"] == "none":
            typer.echo(_NO_SANDBOX, err=True)
        if sample:
            provision_sample(endpoint)
        for name, value in embedded_environment(endpoint).items():
            typer.echo(f"export {name}={shlex.quote(value)}")


@app.command()
def down() -> None:
    """Stop the embedded AWS; what it holds is there again at the next start."""
    with _errors_told():
        typer.echo("The embedded AWS is down." if shut_down() else "The embedded AWS was not running.")


@app.command()
def status(
    format: Annotated[Literal["text", "json"], typer.Option(help="How to print it.")] = "text",  # noqa: A002
) -> None:
    """Say whether the embedded AWS runs, and where. Exit code 0 when it does, 1 when not."""
    with _errors_told():
        endpoint = running()
        report = health(endpoint) if endpoint else {"status": "stopped"}
        if format == "json":
            typer.echo(json.dumps(report, indent=2))
        else:
            for name, value in report.items():
                typer.echo(f"{name}: {value}")
        if report.get("sandbox") == "none":
            typer.echo(_NO_SANDBOX, err=True)
        if endpoint is None:
            raise typer.Exit(1)


def provision_sample(endpoint: Endpoint) -> Sample:
    """Make what the sample pipeline needs, and put its sources there."""
    from airflow_codepipeline.local.sample import Sample, client_of, read_variables

    project = project_folder()
    sample = Sample(client_of(embedded_environment(endpoint)), read_variables(project))
    sample.provision(project / "include" / "samples")
    return sample


@contextmanager
def _errors_told() -> Iterator[None]:
    try:
        yield
    except CodePipelineError as error:
        typer.echo(f"ERROR: {error}", err=True)
        raise typer.Exit(1) from error
