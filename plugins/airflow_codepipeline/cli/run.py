"""`codepipeline run`: one execution of a definition, in this process."""

from __future__ import annotations

import os
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO, cast

import typer
from rich.console import Console
from rich.prompt import Confirm, Prompt

from airflow_codepipeline.cli import places
from airflow_codepipeline.cli.typed import Typed
from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.errors import DefinitionError
from airflow_codepipeline.execution.refusal import Refusal

if TYPE_CHECKING:
    import threading

    from airflow_codepipeline.cli.progress import Progress
    from airflow_codepipeline.definition.model import Pipeline
    from airflow_codepipeline.local.execution import StartRequest
    from airflow_codepipeline.local.observer import Approver

_INTERRUPTED = 130


class Answer(StrEnum):
    """How approvals are answered."""

    YES = "yes"
    NO = "no"
    ASK = "ask"


class Where(StrEnum):
    """Which AWS the actions call."""

    EMBEDDED = "embedded"
    ENVIRONMENT = "environment"


def run(
    path: Annotated[Path, typer.Argument(help="The definition.", exists=True, dir_okay=False)],
    var: Annotated[
        list[str] | None, typer.Option("--var", metavar="NAME=VALUE", help="A pipeline variable.")
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ACTION=PATH|REVISION",
            help="What a source action takes: a folder or zip of this machine, or a revision.",
        ),
    ] = None,
    approve: Annotated[Answer, typer.Option(help="How approvals are answered.")] = Answer.ASK,
    aws: Annotated[
        Where, typer.Option(help="The embedded AWS, or what the environment names.")
    ] = Where.EMBEDDED,
) -> None:
    """Run a definition once, in this process: the exit code is the outcome."""
    try:
        pipeline = read_pipeline(path)
    except DefinitionError as error:
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(2) from None
    places.settle_airflow()
    request = _request(pipeline, var or [], source or [])
    if aws is Where.EMBEDDED:
        from airflow_codepipeline.cli.embedded import embedded_environment, ensure_up

        os.environ.update(embedded_environment(ensure_up()))
    raise typer.Exit(_execute(pipeline, request, approve))


def _execute(pipeline: Pipeline, request: StartRequest, approve: Answer) -> int:
    from airflow_codepipeline.cli.progress import Progress
    from airflow_codepipeline.execution.status import PipelineExecutionStatus
    from airflow_codepipeline.local.execution import LocalExecution
    from airflow_codepipeline.local.task_runner import TaskRunner

    console = Console()
    signal.signal(signal.SIGINT, _interrupt)
    with Progress(pipeline, console) as progress:
        runner = TaskRunner(_approver(approve, progress))
        execution = LocalExecution(pipeline, request, runner=runner, observer=progress)
        try:
            status = execution.run()
        except KeyboardInterrupt:
            console.print("Interrupted. What ran outside was told to stop.")
            return _INTERRUPTED
    console.print(f"{pipeline.name} {status}: execution {execution.dag_run.run_id}")
    return 0 if status is PipelineExecutionStatus.SUCCEEDED else 1


def _interrupt(*_: Any) -> None:
    """Interrupt the execution, once: a second Ctrl-C must not keep it from stopping what runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _request(pipeline: Pipeline, variables: list[str], sources: list[str]) -> StartRequest:
    from airflow_codepipeline.execution.start import check_start, revision_types, source_actions
    from airflow_codepipeline.local.execution import StartRequest

    values = [dict(zip(("name", "value"), _pair(text, "--var"), strict=True)) for text in variables]
    given = dict(_pair(text, "--source") for text in sources)
    actions = source_actions(pipeline)
    folders = {
        action: Path(value) for action, value in given.items() if action in actions and Path(value).exists()
    }
    revisions = tuple(
        {
            "actionName": action,
            "revisionType": revision_types(actions[action])[0] if action in actions else "COMMIT_ID",
            "revisionValue": value,
        }
        for action, value in given.items()
        if action not in folders
    )
    try:
        start = check_start(pipeline, values, revisions)
    except Refusal as refusal:
        raise typer.BadParameter(refusal.message, param_hint="--var, --source") from None
    return StartRequest(variables=start.variables, revisions=revisions, folders=folders)


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise typer.BadParameter(f"{option} wants NAME=VALUE, not {text!r}")
    return name, value


def _approver(answer: Answer, progress: Progress) -> Approver:
    def ask(subject: str, body: str, stopped: threading.Event) -> tuple[bool, str]:
        if answer is not Answer.ASK:
            return answer is Answer.YES, f"--approve {answer}"
        if not sys.stdin.isatty():
            return False, "nobody could be asked: there is no terminal; give --approve yes or no"
        progress.pause()
        typed = cast("TextIO", Typed(stopped))
        try:
            progress.console.print(f"\n{subject}\n{body}", markup=False)
            return Confirm.ask("Approve?", stream=typed), Prompt.ask("Comment", default="", stream=typed)
        except EOFError:
            return False, "nobody answered"
        finally:
            progress.resume()

    return ask
