"""The application: which commands there are, and nothing of what they do.

A command's module is imported when the command is asked for, so that `--help` stays fast.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer

from airflow_codepipeline.errors import CodePipelineError

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROOM = "airflow_codepipeline.cli"

COMMANDS: dict[str, tuple[str, str]] = {
    "validate": (f"{_ROOM}.validate:validate", "Check definitions and say everything that is wrong."),
    "import": (
        f"{_ROOM}.importing:import_definitions",
        "Make definitions of CloudFormation and others.",
    ),
    "export": (f"{_ROOM}.exporting:export", "Print a definition as CodePipeline or CloudFormation takes it."),
    "render": (f"{_ROOM}.render:render", "Show the stages, actions and edges of a definition."),
    "run": (f"{_ROOM}.run:run", "Run a definition once, in this process."),
    "demo": (f"{_ROOM}.demo:demo", "Run the sample pipeline on an Airflow of its own."),
    "package": (f"{_ROOM}.package:app", "Pack the project for a managed Airflow."),
    "triggers": (f"{_ROOM}.triggers:app", "What starts pipelines when sources change."),
    "aws": (f"{_ROOM}.aws:app", "Start, stop and look at the embedded AWS."),
    "schema": (f"{_ROOM}.schema:schema", "Print the JSON Schema of a definition, for editors."),
}
"""Name to `module:attribute` and a line of help. The attribute is a function, or a `typer.Typer` of its
own where the command has commands below it."""


def build(arguments: Sequence[str]) -> typer.Typer:
    """Return the application for one command line: only the command that it names is imported."""
    app = typer.Typer(
        name="codepipeline",
        help="AWS CodePipeline on Apache Airflow.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_codepipeline)
    asked = next((argument for argument in arguments if not argument.startswith("-")), None)
    for name, (target, help_line) in COMMANDS.items():
        command = _load(target) if name == asked else _not_asked_for
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, help=help_line)
        else:
            app.command(name, help=help_line)(command)
    return app


def _codepipeline() -> None:
    """AWS CodePipeline on Apache Airflow."""


def _not_asked_for() -> None:
    """Stand in the list of commands; never called."""


def _load(target: str) -> Any:
    module, _, attribute = target.partition(":")
    return getattr(import_module(module), attribute)


def main() -> None:
    """Run the command line that this process was started with; what cannot be done is said in a line."""
    try:
        build(sys.argv[1:])()
    except CodePipelineError as error:
        sys.exit(f"{error}")
