"""Measure the budgets and print the report: `make bench`, or `python -m benchmarks` after it."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import budgets
from benchmarks.clock import ProgramError, take_turns
from benchmarks.report import table
from benchmarks.workshop import DAG_FACTORY_PYTHON, Workshop

if TYPE_CHECKING:
    from benchmarks.report import Row

ENGINE = ("hop", "waiting", "looks")


def main() -> int:
    options = _options()
    if options.engine:
        rows = _engine(options)
        print(table(rows))
        return 1 if options.check and not all(row.met for row in rows) else 0
    if not DAG_FACTORY_PYTHON.exists():
        print("dag-factory is not installed: run `make bench`, which does that.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(folder=Path(folder), count=options.pipelines)
        workshop.prepare()
        try:
            rows = _measure(workshop, options.rounds)
        except ProgramError as error:
            print(error, file=sys.stderr)
            return 2
    print(table(rows))
    return 1 if options.check and not all(row.met for row in rows) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the budgets.")
    parser.add_argument("--pipelines", type=int, default=1000, help="how many there are (1000)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each program runs (5)")
    parser.add_argument(
        "--engine",
        nargs="?",
        const=",".join(ENGINE),
        help=f"measure on a running Airflow, on PostgreSQL: {', '.join(ENGINE)}",
    )
    parser.add_argument("--waiting", type=int, default=200, help="how many executions wait (200)")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a budget is missed")
    return parser.parse_args()


def _engine(options: argparse.Namespace) -> list[Row]:
    from benchmarks.engine.hop import hops
    from benchmarks.engine.looks import looks
    from benchmarks.engine.running import running_airflow
    from benchmarks.engine.waiting import waiting

    measures = {
        "hop": lambda airflow: hops(airflow, options.rounds, _tell),
        "waiting": lambda airflow: waiting(airflow, options.waiting, _tell),
        "looks": lambda airflow: looks(airflow, _tell),
    }
    asked = [name for name in ENGINE if name in options.engine.split(",")]
    with tempfile.TemporaryDirectory() as folder, running_airflow(Path(folder)) as airflow:
        return [row for name in asked for row in measures[name](airflow)]


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


def _measure(workshop: Workshop, rounds: int) -> list[Row]:
    starts = {
        f"task start from {suffix[1:].upper()}": workshop.task_start(suffix) for suffix in (".json", ".yaml")
    }
    whole = workshop.whole_parses()
    measured = take_turns(
        whole
        | starts
        | {"plugin import": workshop.plugin_import(), "callback parse": workshop.callback_parse()},
        rounds,
        _tell,
    )
    for name in whole:
        _assert_built(measured.runs[name][0].output, 1 if name == "bare" else workshop.count, name)
    return [
        *budgets.building(measured),
        *budgets.seconds(measured, whole),
        *budgets.task_start(measured, starts),
        *budgets.callbacks(measured),
        *budgets.plugin(measured, workshop),
        *budgets.memory(measured, workshop, [name for name in whole if name != "bare"]),
        *budgets.serialised(workshop),
    ]


def _assert_built(output: str, count: int, name: str) -> None:
    if output != f"{count} DAGs":
        raise ProgramError(f"{name} built {output!r}, not {count} DAGs")


if __name__ == "__main__":
    sys.exit(main())
