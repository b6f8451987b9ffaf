"""What a gate's look costs with a long history, beside the budgets."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.clock import Program, run
from benchmarks.engine.running import HOP
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.engine.running import RunningAirflow

PAST = (1, 1_000, 10_000)


def looks(airflow: RunningAirflow, tell: Callable[[str], None]) -> Iterator[Row]:
    """Fill the database of an Airflow, whose processes are stopped, with past executions; look at a stage."""
    tell("looks of a gate with past executions")
    airflow.server.stop()
    program = Program(
        name="gate_looks",
        arguments=(HOP, "Stage2", *map(str, PAST)),
        environment=airflow.server.environment,
        python=Path(sys.executable),
    )
    report = json.loads(run(program).output)
    for past, costs in report.items():
        for name, cost in costs.items():
            read = ", all runs were read" if cost["all"] else ""
            yield Row(budget=f"  {past} past executions, {name}{read}", measured=cost["ms"], unit=" ms")
