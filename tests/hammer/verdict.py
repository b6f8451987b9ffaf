"""What must hold after a hammer, and what is counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hammer.job_book import JobRow


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRow:
    """One execution, after all is over.

    :param gates: how often each gate was tried, by its task's id.
    :param states: the states of its tasks, by their ids.
    """

    run_id: str
    pipeline: str
    order: int
    state: str
    gates: Mapping[str, int]
    states: Mapping[str, str | None]


@dataclass(kw_only=True, slots=True)
class Verdict:
    """What was wrong, and how much of everything there was."""

    violations: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


def judge(runs: Sequence[RunRow], jobs: Sequence[JobRow]) -> Verdict:
    """Hold what happened against what CodePipeline promises."""
    verdict = Verdict()
    _everything_ended(runs, verdict)
    _gates(runs, verdict)
    _once(jobs, verdict)
    for pipeline in sorted({run.pipeline for run in runs}):
        own_runs = [run for run in runs if run.pipeline == pipeline]
        own_jobs = [job for job in jobs if job.pipeline == pipeline]
        if not pipeline.endswith("-parallel"):
            _alone(own_runs, own_jobs, verdict)
        if pipeline.endswith("-superseded"):
            _newest_stays(own_runs, verdict)
    return verdict


def _everything_ended(runs: Sequence[RunRow], verdict: Verdict) -> None:
    for run in runs:
        verdict.counts[f"{run.pipeline}: {run.state}"] += 1
        if run.state not in {"success", "failed"}:
            verdict.violations.append(f"{run.pipeline} {run.run_id} is lost: {run.state} {dict(run.states)}")


def _gates(runs: Sequence[RunRow], verdict: Verdict) -> None:
    for run in runs:
        for task, tries in run.gates.items():
            verdict.counts["gates tried again"] += max(0, tries - 1)
            if run.states.get(task) == "failed":
                verdict.violations.append(f"{run.pipeline} {run.run_id}: the gate {task} failed")


def _once(jobs: Sequence[JobRow], verdict: Verdict) -> None:
    asked = Counter((job.execution, job.stage, job.action) for job in jobs)
    verdict.counts["jobs"] += len(jobs)
    for (execution, stage, action), times in asked.items():
        if times > 1:
            verdict.violations.append(f"{execution}: {stage}/{action} was started {times} times")


def _alone(runs: Sequence[RunRow], jobs: Sequence[JobRow], verdict: Verdict) -> None:
    """Nobody starts a job in a stage before the jobs of everybody who was there before have ended."""
    orders = {run.run_id: run.order for run in runs}
    stages: dict[str, dict[str, list[JobRow]]] = defaultdict(lambda: defaultdict(list))
    for job in jobs:
        stages[job.stage][job.execution].append(job)
    for stage, executions in stages.items():
        stays = sorted(
            (min(job.started for job in rows), max(job.ended for job in rows), execution)
            for execution, rows in executions.items()
        )
        for (_, left, before), (entered, _, after) in pairwise(stays):
            if entered < left:
                verdict.violations.append(f"{stage}: {after} went in while {before} was inside")
            if orders[after] < orders[before]:
                verdict.violations.append(f"{stage}: {after} went in after the newer {before}")


def _newest_stays(runs: Sequence[RunRow], verdict: Verdict) -> None:
    newest = max(runs, key=lambda run: run.order)
    skipped = [task for task in newest.gates if newest.states.get(task) == "skipped"]
    if skipped:
        verdict.violations.append(f"{newest.pipeline}: the newest execution was superseded at {skipped}")
    verdict.counts[f"{newest.pipeline}: superseded"] += sum(
        any(run.states.get(task) == "skipped" for task in run.gates) for run in runs
    )
