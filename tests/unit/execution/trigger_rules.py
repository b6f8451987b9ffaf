"""What Airflow makes of a task by those before it: its `TriggerRuleDep`, for the rules that stages have."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from airflow_codepipeline.execution.status import FINISHED_TASK_STATES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RUN = "run"


class Upstream:
    """The tasks before a task."""

    def __init__(self, states: Sequence[str | None]) -> None:
        count = Counter(states)
        self.failed = count["failed"] + count["upstream_failed"]
        self.success, self.skipped = count["success"], count["skipped"]
        self.done = FINISHED_TASK_STATES.issuperset(states)
        self.succeeded = self.success == len(states)


def _all_success(upstream: Upstream) -> str | None:
    if upstream.failed:
        return "upstream_failed"
    return "skipped" if upstream.skipped else RUN if upstream.succeeded else None


def _one_failed(upstream: Upstream) -> str | None:
    return RUN if upstream.failed else "skipped" if upstream.done else None


def _all_done(upstream: Upstream) -> str | None:
    return RUN if upstream.done else None


def _all_done_min_one_success(upstream: Upstream) -> str | None:
    if upstream.skipped:
        return "skipped"
    return (RUN if upstream.success else "upstream_failed") if upstream.done else None


def _none_failed_min_one_success(upstream: Upstream) -> str | None:
    if upstream.failed:
        return "upstream_failed"
    return (RUN if upstream.success else "skipped") if upstream.done else None


_RULES: dict[str, Callable[[Upstream], str | None]] = {
    "all_success": _all_success,
    "one_failed": _one_failed,
    "all_done": _all_done,
    "all_done_min_one_success": _all_done_min_one_success,
    "none_failed_min_one_success": _none_failed_min_one_success,
}


def verdict(rule: str, states: Sequence[str | None]) -> str | None:
    """Return `run`, the state that the task gets without running, or none where it waits."""
    return _RULES[rule](Upstream(states))
