"""What a stage's gate must know of the run that comes to it."""

from __future__ import annotations

from typing import Any

import msgspec

from airflow_codepipeline.dag.rollback_gate import answered_run, stage_rolled_back


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate must know of its run.

    :param started: when the execution started, ISO 8601; preliminary for one whose date is not its start.
    :param dated: whether the run has a date of its own: a backfill's may lie in the past, and Airflow takes
        the moment of a clear for the start of a run.
    :param cleared: how often the run was cleared.
    :param rollback: the one stage that it runs, where it is a rollback.
    :param in_place_of: the run whose failure it answers by itself.
    """

    started: str
    dated: bool
    cleared: int
    rollback: str | None
    in_place_of: str | None = None

    @classmethod
    def of(cls, dag_run: Any) -> Arrival:
        """Read a run."""
        dated = dag_run.run_type in {"backfill", "scheduled"}
        started = (dag_run.start_date if dated else None) or dag_run.run_after
        return cls(
            started=started.isoformat(),
            dated=dated,
            cleared=dag_run.clear_number or 0,
            rollback=stage_rolled_back(dag_run.conf or {}),
            in_place_of=answered_run(dag_run.conf or {}),
        )
