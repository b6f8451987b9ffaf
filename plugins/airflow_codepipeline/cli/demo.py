"""`codepipeline demo`: the sample pipeline on an Airflow and an AWS of its own, and nothing left running."""

from __future__ import annotations

import select
import signal
import sys
import time
import uuid
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from airflow_codepipeline.cli import places
from airflow_codepipeline.cli.embedded import LARGEST_PORT
from airflow_codepipeline.cli.progress import Progress
from airflow_codepipeline.errors import CodePipelineError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airflow_codepipeline.definition.model import Pipeline
    from airflow_codepipeline.local.airflow_client import AirflowClient
    from airflow_codepipeline.local.airflow_server import AirflowServer
    from airflow_codepipeline.local.sample import Delivered, Sample

_AWS_PORT = 4566
_AIRFLOW_PORT = 8080
_LOOK_SECONDS = 0.5
_LOOKS_BEFORE_ANSWER = 5


def demo(
    port: Annotated[
        int,
        typer.Option(min=0, max=LARGEST_PORT, help="The first port to try for Airflow's UI, on 127.0.0.1."),
    ] = _AIRFLOW_PORT,
    aws_port: Annotated[
        int,
        typer.Option(
            min=0, max=LARGEST_PORT, help="The first port to try for the embedded AWS, on 127.0.0.1."
        ),
    ] = _AWS_PORT,
) -> None:
    """Run the sample pipeline on an Airflow of its own: the exit code is the outcome."""
    places.settle_airflow()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    console = Console()
    try:
        with ExitStack() as stack:
            _run(stack, console, port, aws_port)
    except CodePipelineError as error:
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        console.print("Stopped.")
        raise typer.Exit(130) from None


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


@dataclass(frozen=True, kw_only=True, slots=True)
class _World:
    """What the demo runs on."""

    pipeline: Pipeline
    sample: Sample
    server: AirflowServer
    client: AirflowClient


def _run(stack: ExitStack, console: Console, port: int, aws_port: int) -> None:
    world = _build(stack, console, port, aws_port)
    run_id = str(uuid.uuid4())
    world.client.start(world.pipeline.name, run_id=run_id)
    console.print(
        f"Airflow: {world.server.url}/dags/{world.pipeline.name}/runs/{run_id}\n"
        f"Login:   admin / {world.server.password}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    started = time.monotonic()
    state = _follow(world, run_id, console)
    console.print(f"The run ended as {state} after {time.monotonic() - started:.0f} s.")
    if state != "success":
        raise CodePipelineError(f"The sample did not succeed. Airflow's logs are in {world.server.home}.")
    _show(console, _checked(world, run_id))
    if sys.stdin.isatty():
        console.print("Airflow stays up until you press Ctrl-C.")
        signal.pause()


def _build(stack: ExitStack, console: Console, port: int, aws_port: int) -> _World:
    from airflow_codepipeline.cli.aws import provision_sample
    from airflow_codepipeline.cli.embedded import embedded_environment, ensure_up, shut_down
    from airflow_codepipeline.definition.reader import read_pipeline
    from airflow_codepipeline.local.airflow_client import AirflowClient
    from airflow_codepipeline.local.airflow_server import AirflowServer, free_port
    from airflow_codepipeline.local.sample import PIPELINE

    project = places.project_folder()
    with _telling(console, "Starting the embedded AWS"):
        endpoint = ensure_up(free_port(aws_port))
        if endpoint.started:
            stack.callback(shut_down)
        environment = embedded_environment(endpoint)
        sample = provision_sample(endpoint)
    with _telling(console, "Starting Airflow"):
        server = AirflowServer(
            home=places.local_folder() / "airflow",
            project=project,
            port=free_port(port),
            environment=environment,
        )
        stack.callback(server.stop)
        server.start()
        client = AirflowClient.of(server)
        _wait_for_dag(client, PIPELINE)
    pipeline = read_pipeline(_definition(project))
    return _World(pipeline=pipeline, sample=sample, server=server, client=client)


@contextmanager
def _telling(console: Console, doing: str) -> Iterator[None]:
    """Say what takes a while: with a spinner on a terminal, afterwards in a line."""
    started = time.monotonic()
    with console.status(doing):
        yield
    console.print(f"{doing}: {time.monotonic() - started:.0f} s")


def _definition(project: Path) -> Path:
    from airflow_codepipeline.local.sample import PIPELINE

    return project / "include" / "pipelines" / f"{PIPELINE}.yaml"


def _wait_for_dag(client: AirflowClient, dag_id: str) -> None:
    deadline = time.monotonic() + 60
    while not client.dag_exists(dag_id):
        if time.monotonic() > deadline:
            raise CodePipelineError(f"Airflow does not know the pipeline {dag_id}: {client.import_errors()}")
        time.sleep(_LOOK_SECONDS)


def _follow(world: _World, run_id: str, console: Console) -> str:
    """Show how the run stands until it has ended; answer its approvals. Return the state of the run."""
    from airflow_codepipeline.local.follow import Follower

    answers = _typed_answers()
    asked = 0
    with Progress(world.pipeline, console) as progress:
        follower = Follower(world.pipeline, run_id, client=world.client, observer=progress)
        while (state := follower.look()) not in {"success", "failed"}:
            question = _open_question(world, run_id)
            asked = asked + 1 if question else 0
            # A task that is answered in the moment it begins to wait costs Airflow another try.
            if question is None or asked < _LOOKS_BEFORE_ANSWER:
                progress.note = ""
                time.sleep(_LOOK_SECONDS)
                continue
            task_id, body = question
            progress.note = Text(f"\n{body}\n\nApprove? Type yes or no here, or answer in Airflow's UI.")
            answer = next(answers)
            if answer is not None:
                option = "Approve" if answer else "Reject"
                world.client.answer(
                    world.pipeline.name, run_id, task_id, option=option, comment="answered by the demo"
                )
    return state


def _open_question(world: _World, run_id: str) -> tuple[str, str] | None:
    """Return the task and the text of an approval that waits for an answer."""
    from airflow_codepipeline.dag import names

    for stage in world.pipeline.stages:
        for action in stage.actions:
            if action.action_type_id.category == "Approval":
                task_id = names.task_id(stage.name, action.name)
                detail = world.client.question(world.pipeline.name, run_id, task_id)
                if detail and not detail.get("response_received"):
                    return task_id, detail["body"]
    return None


def _typed_answers() -> Iterator[bool | None]:
    """Yield what was typed since the last time: yes, no, or nothing; always yes where nobody can type."""
    while True:
        if not sys.stdin.isatty():
            yield True
            continue
        ready, _, _ = select.select([sys.stdin], [], [], _LOOK_SECONDS)
        typed = sys.stdin.readline().strip().lower() if ready else ""
        yield {"y": True, "yes": True, "n": False, "no": False}.get(typed)


def _checked(world: _World, run_id: str) -> Delivered:
    """Return what was delivered, if it is what this run built.

    :raises SampleError: it is not.
    """
    from airflow_codepipeline.local.sample import SampleError

    built = world.client.xcom(world.pipeline.name, run_id, "Build.Package")["variables"]["VERSION"]
    delivered = world.sample.delivered()
    if delivered.version != built:
        raise SampleError(f"Version {built} was built, and {delivered.version} is deployed.")
    return delivered


def _show(console: Console, delivered: Delivered) -> None:
    console.print(
        f"Deployed: function storefront, version {delivered.version}; a basket costs {delivered.total}"
    )
    console.print(f"Deployed: website, {len(delivered.pages)} pages: {', '.join(delivered.pages)}")
