"""A state machine of executions as test cases, one for each execution mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from unittest import TestCase

    from hypothesis.stateful import RuleBasedStateMachine

MODES = ("SUPERSEDED", "QUEUED", "PARALLEL")
STEPS = 40


def cases(machine: type[RuleBasedStateMachine], *, examples: int) -> list[type[TestCase]]:
    """Return the test cases of a machine that has its mode as `mode`, in the order of `MODES`."""
    chosen = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    found = [type(mode.capitalize(), (machine,), {"mode": mode}).TestCase for mode in MODES]
    for case in found:
        case.settings = chosen
    return found
