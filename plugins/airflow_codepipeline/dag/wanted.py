"""Which DAGs Airflow wants of a DAG file that makes many.

A task that starts wants its own: the parsing context says so. The DAG processor wants all, except where it
parses the file for nothing but the callbacks of tasks that have ended. Airflow asks for those after every
task that a trigger ends, each gate and each action, whether it has any or not. It does not tell the file, but
what it was asked for stands in its frame.
"""

from __future__ import annotations

import sys
from typing import Any

from airflow.sdk import get_parsing_context

_PROCESSOR = "airflow.dag_processing.processor", "_parse_file"


def wanted_dags() -> frozenset[str] | None:
    """Return the ids of the DAGs that are wanted, or none where all are."""
    dag_id = get_parsing_context().dag_id
    return frozenset({dag_id}) if dag_id else _of_callbacks()


def _of_callbacks() -> frozenset[str] | None:
    """Return whose callbacks are asked for, if they are all that is."""
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if (frame.f_globals.get("__name__"), frame.f_code.co_name) == _PROCESSOR:
            message = frame.f_locals.get("msg")
            dags = frozenset(map(_dag_of, getattr(message, "callback_requests", None) or ()))
            return dags if dags and all(dags) else None
    return None


def _dag_of(request: Any) -> str:
    return str(getattr(request, "dag_id", None) or getattr(getattr(request, "ti", None), "dag_id", ""))
