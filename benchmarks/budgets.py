"""The budgets of docs/benchmarks.md, each from what was measured to a row of the report."""

from __future__ import annotations

import json
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.clock import run
from benchmarks.report import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from benchmarks.clock import Measured, Run
    from benchmarks.workshop import Workshop

HEAVY = ("boto3", "botocore", "fastapi", "airflow.api_fastapi", "airflow.models")
HASH_SEEDS = (0, 1, 4242)


def building(measured: Measured) -> Iterator[Row]:
    """Budget 1: whole processes; then what is left of them without the imports that all have."""
    limits = {("json", "loop"): 1.15, ("yaml", "loop"): 1.9, ("yaml", "dag-factory"): 0.65}
    for other in ("loop", "full loop", "dag-factory", "full dag-factory"):
        for ours in ("json", "yaml"):
            limit = limits.get((ours, other))
            name = f"{'1' if limit else ' '} {ours.upper()} / {other}"
            yield Row(budget=name, measured=measured.ratio(ours, other), limit=limit)
            less = measured.ratio(ours, other, less="bare")
            yield Row(budget=f"  {ours.upper()} / {other}, less bare imports", measured=less)


def seconds(measured: Measured, names: Iterable[str]) -> Iterator[Row]:
    """What the ratios were made of."""
    for name in names:
        yield Row(budget=f"  CPU of {name}", measured=measured.median(name, _cpu), unit=" s")


def task_start(measured: Measured, folders: Iterable[str]) -> Iterator[Row]:
    """Budget 2: one definition of many."""
    for name in folders:
        reports = [json.loads(done.output) for done in measured.runs[name]]
        cost = median(report["milliseconds"] for report in reports)
        reads = max(len(report["opened"]) for report in reports)
        yield Row(budget=f"2 {name}, over bare imports", measured=cost, limit=30, unit=" ms")
        yield Row(budget=f"2 {name}, definitions read", measured=reads, limit=1)


def callbacks(measured: Measured) -> Iterator[Row]:
    """What Airflow's DAG processor pays for every gate and action that a trigger ends."""
    cost = measured.median("callback parse", lambda done: float(json.loads(done.output)["milliseconds"]))
    yield Row(budget="  parse for one callback", measured=cost, unit=" ms")


def plugin(measured: Measured, workshop: Workshop) -> Iterator[Row]:
    """Budget 3: what a process pays that builds no pipeline, and what one loads that does."""
    cost = measured.median("plugin import", lambda done: float(done.output))
    yield Row(budget="3 plugin import", measured=cost, limit=25, unit=" ms")
    modules = json.loads(run(workshop.sample_modules()).output)
    for name in HEAVY:
        before, after = (_modules_of(name, modules[when]) for when in ("before", "after"))
        yield Row(budget=f"3 {name}: modules beyond an empty DAG's", measured=len(after - before), limit=0)
        if before:
            yield Row(budget=f"  {name}: modules of an empty DAG", measured=len(before))


def memory(measured: Measured, workshop: Workshop, names: Iterable[str]) -> Iterator[Row]:
    """Budget 4, first half: the peak of a whole process above the bare imports', by the pipeline."""
    for name in names:
        limit = 35 if name in {"json", "yaml"} else None
        grown = measured.difference(name, "bare", lambda done: done.peak) / workshop.count
        yield Row(
            budget=f"{'4' if limit else ' '} memory of {name}", measured=grown, limit=limit, unit=" KiB"
        )


def serialised(workshop: Workshop) -> Iterator[Row]:
    """Budget 4, second half: a DAG that nobody changed is no new version."""
    reports: list[dict[str, Any]] = [json.loads(run(workshop.serialised(seed)).output) for seed in HASH_SEEDS]
    digests = {report["digest"] for report in reports}
    yield Row(budget="4 serialised forms under 3 hash seeds", measured=len(digests), limit=1)


def _cpu(done: Run) -> float:
    return done.cpu


def _modules_of(package: str, modules: Iterable[str]) -> set[str]:
    return {name for name in modules if name == package or name.startswith(package + ".")}
