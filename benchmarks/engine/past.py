"""Past executions: copies of one run of a pipeline, written into Airflow's database with SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNIQUE = {
    "dag_run": {
        "run_id": "'past-' || n",
        "logical_date": "original.run_after - n * interval '1 minute'",
        "run_after": "original.run_after - n * interval '1 minute'",
        "state": "'success'",
    },
    "task_instance": {"id": "gen_random_uuid()", "run_id": "'past-' || n", "state": "'success'"},
}
"""What differs from copy to copy."""


def add_past_runs(cursor: Any, *, dag_id: str, run_id: str, numbers: range) -> None:
    """Copy a run with all its tasks, as runs that have succeeded.

    :param cursor: of psycopg2.
    :param run_id: the run that is copied.
    :param numbers: one copy each, a minute before the next.
    """
    for table, unique in _UNIQUE.items():
        columns = [name for name in _columns(cursor, table) if name != "id" or name in unique]
        values = [unique.get(name, f'original."{name}"') for name in columns]
        cursor.execute(
            f"INSERT INTO {table} ({_quoted(columns)}) SELECT {', '.join(values)} "
            f"FROM {table} original, generate_series(%s, %s) n "
            "WHERE original.dag_id = %s AND original.run_id = %s",
            (numbers.start, numbers.stop - 1, dag_id, run_id),
        )
    cursor.execute("ANALYZE dag_run, task_instance")


def _columns(cursor: Any, table: str) -> list[str]:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_name = %s AND table_schema = 'public'",
        (table,),
    )
    return [name for (name,) in cursor.fetchall()]


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
