"""`python -m hammer [--minutes M] [--executions N] [--database postgresql|sqlite] [--kills SECONDS]`.

With `--python` on another Airflow than this one's.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil

from airflow_codepipeline.local.airflow_client import AirflowClient
from airflow_codepipeline.local.airflow_server import AirflowServer, free_port
from hammer.database import database
from hammer.job_book import VARIABLE, JobBook
from hammer.operations import Operations
from hammer.project import MODES, ROOT, pipeline_name, write_project
from hammer.verdict import RunRow, Verdict, judge, untold

if TYPE_CHECKING:
    from collections.abc import Sequence

# A process that is killed is found out within half a minute, not within five.
_IMPATIENT = {
    "AIRFLOW__CORE__PARALLELISM": "8",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "3",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "20",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "10",
}
_SECOND = "triggerer-2"
_SETTLING = 120.0
"""Seconds that may pass from the end of all executions until what they left behind has been told to end."""
_WORKER = "worker"
_VICTIMS = ("scheduler", "triggerer", _SECOND, "api-server", _WORKER)


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What is asked for.

    :param executions: of each pipeline, in one wave.
    :param minutes: waves begin until then.
    :param kills: seconds between two kills; none: nothing is killed.
    :param operations: seconds between two stops or retries; none: nobody does that.
    :param python: the interpreter that has the Airflow to be hammered; none: this one.
    :param keep: the folder that keeps the logs and the book of jobs; none: they are deleted.
    :param patience: seconds until it is given up that any of the open executions ends.
    """

    database: str
    executions: int
    minutes: float
    kills: float | None
    operations: float | None
    modes: tuple[str, ...]
    longest: float
    fails_one_in: int
    seed: int
    python: Path | None
    keep: Path | None
    patience: float


def hammer(options: Options, folder: Path) -> Verdict:
    """Run waves of executions on an Airflow of its own, and judge what happened."""
    book = JobBook(folder / "jobs.sqlite")
    write_project(folder / "project", longest=options.longest, fails_one_in=options.fails_one_in)
    with ExitStack() as stack:
        connection = stack.enter_context(database(options.database))
        environment = {
            VARIABLE: str(folder / "jobs.sqlite"),
            "PYTHONPATH": f"{ROOT / 'plugins'}:{ROOT / 'tests'}",
        }
        server = AirflowServer(
            home=folder / "airflow",
            project=folder / "project",
            port=free_port(9080),
            environment=_IMPATIENT | environment | connection,
            python=options.python,
        )
        stack.callback(server.stop)
        server.start()
        if options.database == "postgresql":
            server.start_component("triggerer", name=_SECOND, arguments=("--skip-serve-logs",))
        hammering = _Hammer(options, server)
        stack.callback(hammering.close)
        return hammering.waves(book)


class _Hammer:
    def __init__(self, options: Options, server: AirflowServer) -> None:
        self._options = options
        self._server = server
        self._random = random.Random(options.seed)
        self._client = AirflowClient.of(server)
        self._started: list[tuple[str, str]] = []
        self._killed: dict[str, int] = dict.fromkeys(_VICTIMS, 0)
        self._operations = Operations.of(server, self._random)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
        self._operations.client.close()

    def waves(self, book: JobBook) -> Verdict:
        """Start wave after wave until the time is over; wait for the last to end."""
        for mode in self._options.modes:
            while not self._client.dag_exists(pipeline_name(mode)):
                time.sleep(1)
        ends = time.monotonic() + self._options.minutes * 60
        while True:
            self._wave()
            if time.monotonic() > ends:
                break
        rows = [self._row(order, *run) for order, run in enumerate(self._started)]
        settled = time.monotonic() + _SETTLING
        while untold(book.rows(), self._operations.acts) and time.monotonic() < settled:
            time.sleep(1)
        verdict = judge(rows, book.rows(), self._operations.acts)
        verdict.counts.update(self._operations.counts)
        verdict.counts["jobs told to end"] = sum(job.told is not None for job in book.rows())
        for victim, times in self._killed.items():
            verdict.counts[f"kills of {victim}"] = times
        return verdict

    def _wave(self) -> None:
        wave = [
            (pipeline_name(mode), str(uuid.UUID(int=self._random.getrandbits(128), version=4)))
            for _ in range(self._options.executions)
            for mode in self._options.modes
        ]
        for pipeline, run_id in wave:
            self._client.start(pipeline, run_id=run_id)
        self._started += wave
        self._wait(wave)

    def _wait(self, wave: Sequence[tuple[str, str]]) -> None:
        """Wait until a wave has ended; kill something now and then; give up when nothing moves."""
        open_runs, moved = set(wave), time.monotonic()
        next_kill, next_operation = self._next(self._options.kills), self._next(self._options.operations)
        while open_runs and time.monotonic() < moved + self._options.patience:
            time.sleep(2)
            if time.monotonic() > next_kill:
                self._kill()
                next_kill = self._next(self._options.kills)
            if time.monotonic() > next_operation:
                open_runs |= self._operate(open_runs, set(wave) - open_runs)
                next_operation = self._next(self._options.operations)
            ended = {run for run in open_runs if self._ended(*run)}
            if ended:
                moved = time.monotonic()
            open_runs -= ended

    def _next(self, seconds: float | None) -> float:
        return (
            float("inf") if seconds is None else time.monotonic() + self._random.uniform(0.5, 1.5) * seconds
        )

    def _operate(self, running: set[tuple[str, str]], ended: set[tuple[str, str]]) -> set[tuple[str, str]]:
        """Stop one that runs, or retry one that has ended; return what runs again."""
        if ended and self._random.random() < 0.7:
            chosen = self._random.choice(sorted(ended))
            return {chosen} if self._operations.retry(*chosen) else set()
        self._operations.stop(*self._random.choice(sorted(running)))
        return set()

    def _kill(self) -> None:
        victims = [victim for victim in _VICTIMS if victim in {*self._server.components, _WORKER}]
        victim = self._random.choice(victims)
        self._killed[victim] += 1
        if victim == _WORKER:
            self._kill_worker()
            return
        self._server.kill_component(victim)
        if victim == _SECOND:
            self._server.start_component("triggerer", name=_SECOND, arguments=("--skip-serve-logs",))
        else:
            self._server.start_component(victim)

    def _kill_worker(self) -> None:
        """Kill a process of the scheduler's executor and the task that it runs.

        One that waits for a task holds the lock of their queue: with it all of Airflow's workers would end.
        """
        workers = [process for process in psutil.Process().children(recursive=True) if _is_busy(process)]
        if workers:
            chosen = self._random.choice(workers)
            for process in [chosen, *chosen.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()

    def _ended(self, pipeline: str, run_id: str) -> bool:
        try:
            return self._client.run_state(pipeline, run_id) in {"success", "failed"}
        except httpx.HTTPError:
            return False  # the API server was killed; the next look asks again

    def _row(self, order: int, pipeline: str, run_id: str) -> RunRow:
        tasks = self._client.task_instances(pipeline, run_id)
        return RunRow(
            run_id=run_id,
            pipeline=pipeline,
            order=order,
            state=self._client.run_state(pipeline, run_id),
            gates={
                task["task_id"]: task["try_number"] for task in tasks if task["task_id"].endswith(".enter")
            },
            states={task["task_id"]: task["state"] for task in tasks},
        )


def _is_busy(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        title = " ".join(process.cmdline())
        return "airflow worker -- LocalExecutor" in title and "<idle>" not in title
    return False


def main() -> int:
    """Run the hammer and print its counts; 1 where something was violated."""
    options = _options()
    # A time limit ends it as Control-C does: nothing is left running, and no database.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="hammer-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        verdict = hammer(options, folder)
    sys.stdout.write(f"{options}\n")
    for name, count in sorted(verdict.counts.items()):
        sys.stdout.write(f"{count:6} {name}\n")
    for violation in verdict.violations:
        sys.stdout.write(f"VIOLATED: {violation}\n")
    sys.stdout.write(f"{len(verdict.violations)} violations\n")
    return 1 if verdict.violations else 0


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m hammer", description=__doc__)
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--executions", type=int, default=50, help="of each mode, in one wave")
    parser.add_argument("--minutes", type=float, default=0, help="waves begin until then; 0: one wave")
    parser.add_argument("--kills", type=float, help="seconds between two kills, on average")
    parser.add_argument("--operations", type=float, help="seconds between two stops or retries, on average")
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--longest", type=float, default=2.0, help="seconds a job takes at the most")
    parser.add_argument("--fails-one-in", type=int, default=10, help="how often a job fails; 0: never")
    parser.add_argument("--python", type=Path, help="of an environment with Airflow and this package in it")
    parser.add_argument("--keep", type=Path, help="an empty folder that keeps the logs")
    parser.add_argument(
        "--patience", type=float, default=600, help="seconds until it gives up waiting for an end"
    )
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    values: dict[str, Any] = vars(parser.parse_args())
    return Options(**values | {"modes": tuple(values["modes"].split(","))})


if __name__ == "__main__":
    sys.exit(main())
