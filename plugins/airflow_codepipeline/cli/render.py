"""`codepipeline render`: what Airflow will show of a definition, as a tree or as a Mermaid picture."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path  # noqa: TC003 typer evaluates the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from airflow_codepipeline.cli.definitions import definition_files
from airflow_codepipeline.definition.reader import examine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.model import Action, Pipeline, Stage


def render(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A definition.", show_default=False)],
    *,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Print a Mermaid flowchart.")] = False,
) -> None:
    """Show the stages, actions and edges of a definition.

    Exit code 0: shown, with its findings on standard error. 1: it is too wrong to be shown.
    """
    if path.is_dir():
        raise typer.BadParameter(f"{path} is a folder; one definition is shown at a time.")
    [file] = definition_files([path])
    examined = examine(file)
    for finding in examined.findings:
        typer.echo(str(finding), err=True)
    if examined.pipeline is None:
        raise typer.Exit(1)
    lines = mermaid_lines(examined.pipeline) if mermaid else tree_lines(examined.pipeline)
    typer.echo("\n".join(lines))


def action_groups(stage: Stage) -> list[list[Action]]:
    """Return the actions of a stage that run together, by ascending runOrder."""

    def order(action: Action) -> int:
        return action.run_order

    return [list(group) for _, group in groupby(sorted(stage.actions, key=order), key=order)]


def tree_lines(pipeline: Pipeline) -> Iterator[str]:
    """Yield the lines of the tree: what runs together shares a number, in the order of running."""
    schedule = f", {pipeline.airflow.schedule}" if pipeline.airflow.schedule else ""
    yield f"{pipeline.name} ({pipeline.execution_mode}{schedule})"
    for number, stage in enumerate(pipeline.stages, start=1):
        is_last = number == len(pipeline.stages)
        yield f"{'└─' if is_last else '├─'} {stage.name}"
        indent = "   " if is_last else "│  "
        rows = list(_stage_rows(stage))
        for index, row in enumerate(rows):
            yield f"{indent}{'└─' if index == len(rows) - 1 else '├─'} {row}"


def _stage_rows(stage: Stage) -> Iterator[str]:
    yield f"enter{_conditions(stage.before_entry)}"
    for number, group in enumerate(action_groups(stage), start=1):
        for action in group:
            yield f"{number}. {action.name} [{action.action_type_id}]{_artifacts(action)}"
    hooks = _conditions(stage.on_success) + (" onFailure" if stage.on_failure is not None else "")
    yield f"exit{hooks}"


def _conditions(hook: object) -> str:
    return "" if hook is None else f" {type(hook).__name__[0].lower()}{type(hook).__name__[1:]}"


def _artifacts(action: Action) -> str:
    read = ", ".join(artifact.name for artifact in action.input_artifacts)
    written = ", ".join(artifact.name for artifact in action.output_artifacts)
    return (f" <- {read}" if read else "") + (f" -> {written}" if written else "")


def mermaid_lines(pipeline: Pipeline) -> Iterator[str]:
    """Yield a Mermaid flowchart: stages as subgraphs, edges as Airflow will draw them."""
    yield "flowchart LR"
    before: list[str] = []
    for number, stage in enumerate(pipeline.stages):
        yield f"  subgraph s{number}[{_quoted(stage.name)}]"
        layers = _layers(stage, number)
        for layer in layers:
            for node, label in layer:
                yield f"    {node}[{_quoted(label)}]"
        yield "  end"
        for layer in layers:
            nodes = [node for node, _ in layer]
            for upstream in before:
                for node in nodes:
                    yield f"  {upstream} --> {node}"
            before = nodes


def _layers(stage: Stage, number: int) -> list[list[tuple[str, str]]]:
    layers = [[(f"s{number}enter", "enter")]]
    for order, group in enumerate(action_groups(stage)):
        layers.append([(f"s{number}a{order}x{index}", action.name) for index, action in enumerate(group)])
    layers.append([(f"s{number}exit", "exit")])
    return layers


def _quoted(label: str) -> str:
    escaped = label.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return f'"{escaped}"'
