"""Programs in processes of their own, measured from outside: CPU time (user and system) and peak memory.

Wall time says nothing on a machine that does other work, and neither does one run: the programs take turns,
and what is reported is the median of what was measured side by side.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROGRAMS = Path(__file__).with_name("programs")


class ProgramError(Exception):
    """A measured program failed; the message is what it wrote to standard error."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program of `programs/`, and how it is started.

    :param environment: its whole environment.
    """

    name: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    python: Path = Path(sys.executable)


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run of a program cost.

    :param cpu: seconds, user and system.
    :param peak: the largest resident set, in KiB.
    :param output: the last line of standard output.
    """

    cpu: float
    peak: float
    output: str


def run(program: Program) -> Run:
    """Run a program to its end.

    :raises ProgramError: it failed.
    """
    process = subprocess.Popen(
        [program.python, PROGRAMS / f"{program.name}.py", *program.arguments],
        env=program.environment,
        stdout=subprocess.PIPE,
        # One pipe: two would have to be read side by side.
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        output, _ = process.stdout.read() if process.stdout else "", None
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ProgramError(f"{program.name} failed:\n{output}")
    last = output.splitlines()[-1] if output else ""
    return Run(cpu=usage.ru_utime + usage.ru_stime, peak=usage.ru_maxrss, output=last)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The runs of several programs, which took turns: run `n` of one is paired with run `n` of each other."""

    runs: Mapping[str, list[Run]]

    def median(self, name: str, value: Callable[[Run], float]) -> float:
        """Return the median of a value of a program's runs."""
        return median(map(value, self.runs[name]))

    def ratio(self, name: str, other: str, *, less: str | None = None) -> float:
        """Return how many times another program's CPU time a program takes.

        :param less: a program whose CPU time is taken off both: what is left is not whole processes.
        """
        off = [run.cpu for run in self.runs[less]] if less else [0.0] * len(self.runs[name])
        pairs = zip(self.runs[name], self.runs[other], off, strict=True)
        return median((ours.cpu - base) / (theirs.cpu - base) for ours, theirs, base in pairs)

    def difference(self, name: str, other: str, value: Callable[[Run], float]) -> float:
        """Return by how much a value of a program exceeds another's."""
        pairs = zip(self.runs[name], self.runs[other], strict=True)
        return median(value(ours) - value(theirs) for ours, theirs in pairs)


def take_turns(programs: Mapping[str, Program], rounds: int, tell: Callable[[str], None]) -> Measured:
    """Run every program once to warm up, then all of them in turn as often as is asked.

    :param tell: is told what begins.
    """
    runs: dict[str, list[Run]] = {name: [] for name in programs}
    for number in range(rounds + 1):
        tell(f"round {number} of {rounds}" if number else "warming up")
        for name, program in programs.items():
            done = run(program)
            if number:
                runs[name].append(done)
    return Measured(runs=runs)
