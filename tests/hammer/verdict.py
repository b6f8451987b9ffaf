"""What must hold after a hammer, and what is counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hammer.job_book import JobRow
    from hammer.operations import Act


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


def judge(runs: Sequence[RunRow], jobs: Sequence[JobRow], acts: Sequence[Act] = ()) -> Verdict:
    """Hold what happened against what CodePipeline promises.

    :param acts: the stops and retries that were accepted.
    """
    verdict = Verdict()
    _everything_ended(runs, verdict)
    _gates(runs, {act.execution for act in acts}, verdict)
    _once(jobs, acts, verdict)
    for job in untold(jobs, acts):
        verdict.violations.append(f"{job.execution}: {job.stage}/{job.action} was abandoned and goes on")
    jobs = [_until_abandoned(job, acts) for job in jobs]
    retried = [act for act in acts if act.what == "retry"]
    for pipeline in sorted({run.pipeline for run in runs}):
        own_runs = [run for run in runs if run.pipeline == pipeline]
        own_jobs = [job for job in jobs if job.pipeline == pipeline]
        if not pipeline.endswith("-parallel"):
            _alone(own_runs, own_jobs, retried, verdict)
        if pipeline.endswith("-superseded"):
            _newest_stays(own_runs, {act.execution for act in acts}, verdict)
    return verdict


def untold(jobs: Sequence[JobRow], acts: Sequence[Act]) -> list[JobRow]:
    """Return the jobs that ran when their execution was abandoned, and that nobody has told to end."""
    abandons = [act for act in acts if act.what == "abandon" and act.answered is not None]
    return [job for job in jobs if job.told is None and any(_ran_during(job, act) for act in abandons)]


def _ran_during(job: JobRow, act: Act) -> bool:
    assert act.answered is not None
    return job.execution == act.execution and job.started < act.at and act.answered < job.ended


def _everything_ended(runs: Sequence[RunRow], verdict: Verdict) -> None:
    for run in runs:
        verdict.counts[f"{run.pipeline}: {run.state}"] += 1
        if run.state not in {"success", "failed"}:
            verdict.violations.append(f"{run.pipeline} {run.run_id} is lost: {run.state} {dict(run.states)}")


def _gates(runs: Sequence[RunRow], operated: Collection[str], verdict: Verdict) -> None:
    for run in runs:
        for task, tries in run.gates.items():
            if run.run_id not in operated:
                verdict.counts["gates tried again"] += max(0, tries - 1)
            if run.states.get(task) == "failed":
                verdict.violations.append(f"{run.pipeline} {run.run_id}: the gate {task} failed")


def _once(jobs: Sequence[JobRow], acts: Sequence[Act], verdict: Verdict) -> None:
    asked = Counter((job.execution, job.stage, job.action) for job in jobs)
    retried = Counter((act.execution, act.stage) for act in acts if act.what == "retry")
    verdict.counts["jobs"] += len(jobs)
    for (execution, stage, action), times in asked.items():
        if times > 1 + retried[execution, stage]:
            verdict.violations.append(f"{execution}: {stage}/{action} was started {times} times")


def _until_abandoned(job: JobRow, acts: Sequence[Act]) -> JobRow:
    """Return a job as the pipeline has it: one that was abandoned is nobody's any more."""
    given_up = [act.at for act in acts if act.what == "abandon" and act.execution == job.execution]
    return replace(job, ended=min([job.ended, *(at for at in given_up if at >= job.started)]))


@dataclass(frozen=True, order=True, slots=True)
class _Stay:
    """The jobs of one execution in one stage, from one entry to the next."""

    entered: float
    left: float
    execution: str
    first: bool


def _alone(runs: Sequence[RunRow], jobs: Sequence[JobRow], retries: Sequence[Act], verdict: Verdict) -> None:
    """Nobody starts a job in a stage before the jobs of everybody who was there before have ended."""
    orders = {run.run_id: run.order for run in runs}
    stages: dict[str, dict[str, list[JobRow]]] = defaultdict(lambda: defaultdict(list))
    for job in jobs:
        stages[job.stage][job.execution].append(job)
    for stage, executions in stages.items():
        stays = sorted(
            stay
            for execution, rows in executions.items()
            for stay in _stays(
                rows, [act.at for act in retries if (act.execution, act.stage) == (execution, stage)]
            )
        )
        for before, after in pairwise(stays):
            if before.execution == after.execution:
                continue
            if after.entered < before.left:
                verdict.violations.append(
                    f"{stage}: {after.execution} went in while {before.execution} was inside"
                )
        for before, after in pairwise(stay for stay in stays if stay.first):
            if orders[after.execution] < orders[before.execution]:
                verdict.violations.append(
                    f"{stage}: {after.execution} went in after the newer {before.execution}"
                )


def _stays(jobs: Sequence[JobRow], retried: Sequence[float]) -> list[_Stay]:
    """Return how often an execution was in a stage: once, and once more for each retry."""
    visits: dict[int, list[JobRow]] = defaultdict(list)
    for job in jobs:
        visits[sum(job.started > at for at in retried)].append(job)
    return [
        _Stay(min(job.started for job in rows), max(job.ended for job in rows), rows[0].execution, visit == 0)
        for visit, rows in visits.items()
    ]


def _newest_stays(runs: Sequence[RunRow], operated: Collection[str], verdict: Verdict) -> None:
    newest = max(runs, key=lambda run: run.order)
    skipped = newest.run_id not in operated and [
        task for task in newest.gates if newest.states.get(task) == "skipped"
    ]
    if skipped:
        verdict.violations.append(f"{newest.pipeline}: the newest execution was superseded at {skipped}")
    verdict.counts[f"{newest.pipeline}: superseded"] += sum(
        any(run.states.get(task) == "skipped" for task in run.gates) for run in runs
    )
