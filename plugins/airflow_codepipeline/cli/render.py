"""`codepipeline render`: what Airflow will show of a definition, as a tree or as a Mermaid picture."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 typer evaluates the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from airflow_codepipeline.cli.definitions import definition_files
from airflow_codepipeline.definition.reader import examine
from airflow_codepipeline.execution.conditions import LABELS, condition_of, has_task, result_of
from airflow_codepipeline.execution.run_order import run_order_groups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.model import Action, Pipeline, Stage
    from airflow_codepipeline.execution.conditions import ConditionHook


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
    yield "enter"
    yield from _condition(stage, "BEFORE_ENTRY")
    for number, group in enumerate(run_order_groups(stage), start=1):
        for action in group:
            yield f"{number}. {action.name} [{action.action_type_id}]{_artifacts(action)}"
    yield from _condition(stage, "ON_SUCCESS")
    yield from _condition(stage, "ON_FAILURE")
    yield "done"
    yield "exit"


def _condition(stage: Stage, hook: ConditionHook) -> Iterator[str]:
    if has_task(stage, hook):
        condition = condition_of(stage, hook)
        rules = ", ".join(rule.rule_type_id.provider for rule in condition.rules) if condition else ""
        result = result_of(stage, hook) or "FAIL"
        yield f"{LABELS[hook]}{f' [{rules}]' if rules else ''} -> {result}"


def _artifacts(action: Action) -> str:
    read = ", ".join(artifact.name for artifact in action.input_artifacts)
    written = ", ".join(artifact.name for artifact in action.output_artifacts)
    return (f" <- {read}" if read else "") + (f" -> {written}" if written else "")


def mermaid_lines(pipeline: Pipeline) -> Iterator[str]:
    """Yield a Mermaid flowchart: stages as subgraphs, edges as Airflow draws them."""
    yield "flowchart LR"
    before: list[str] = []
    for number, stage in enumerate(pipeline.stages):
        layers = _layers(stage, number)
        aside = [(f"s{number}exit", "exit")]
        if has_task(stage, "ON_FAILURE"):
            aside.insert(0, (f"s{number}onFailure", "onFailure"))
        yield f"  subgraph s{number}[{_quoted(stage.name)}]"
        for node, label in [node for layer in layers for node in layer] + aside:
            yield f"    {node}[{_quoted(label)}]"
        yield "  end"
        for layer in layers:
            nodes = [node for node, _ in layer]
            yield from (f"  {upstream} --> {node}" for upstream in before for node in nodes)
            before = nodes
        yield from (f"  {upstream} -.-> {node}" for upstream, node in _dotted(stage, number, layers))


def _dotted(stage: Stage, number: int, layers: list[list[tuple[str, str]]]) -> Iterator[tuple[str, str]]:
    """Yield the edges beside the way of success: to the exit, to what a failure decides, past a skip."""
    nodes = [node for layer in layers[:-1] for node, _ in layer]
    if has_task(stage, "BEFORE_ENTRY"):
        yield f"s{number}beforeEntry", f"s{number}done"
    if has_task(stage, "ON_FAILURE"):
        yield from ((node, f"s{number}onFailure") for node in nodes if node.startswith(f"s{number}a"))
        nodes.append(f"s{number}onFailure")
    yield from ((node, f"s{number}exit") for node in nodes)


def _layers(stage: Stage, number: int) -> list[list[tuple[str, str]]]:
    """Return the nodes of a stage that run one after the other, each with its label."""
    groups = [
        [(f"s{number}a{order}x{index}", action.name) for index, action in enumerate(group)]
        for order, group in enumerate(run_order_groups(stage))
    ]
    entry = [[(f"s{number}beforeEntry", "beforeEntry")]] if has_task(stage, "BEFORE_ENTRY") else []
    success = [[(f"s{number}onSuccess", "onSuccess")]] if has_task(stage, "ON_SUCCESS") else []
    return [[(f"s{number}enter", "enter")], *entry, *groups, *success, [(f"s{number}done", "done")]]


def _quoted(label: str) -> str:
    escaped = label.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return f'"{escaped}"'
