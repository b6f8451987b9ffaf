"""What a DAG run is created with: the same, whoever starts the execution."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.execution.change_details import CHANGE
from airflow_codepipeline.execution.records import TRIGGER
from airflow_codepipeline.execution.source_variables import SOURCE_VARIABLES
from airflow_codepipeline.execution.start import SOURCE_REVISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.execution.start import Start, Trigger

_NAMESPACE = uuid.UUID("d1c6b8de-7c5e-5a36-9a39-6a0a9bfae7c4")


def run_id_of(dag_id: str, token: str | None) -> str:
    """Return the run id of an execution that is to be started, which is its execution id too.

    :param token: what is the same whenever the same start is asked for again; none: it is a start of its own.
    """
    return str(uuid.uuid5(_NAMESPACE, f"{dag_id}/{token}") if token else uuid.uuid4())


def conf_of(
    start: Start,
    trigger: Trigger,
    source_variables: Mapping[str, Mapping[str, str]] | None = None,
    change: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the conf of an execution's run: variables by name, and what is ours.

    :param source_variables: what source actions are to say of the change that starts it, by their names.
    :param change: what is told of that change (`execution/change_details.py`).
    """
    conf: dict[str, Any] = dict(start.variables)
    if start.revisions:
        conf[SOURCE_REVISIONS] = [msgspec.to_builtins(revision) for revision in start.revisions]
    if source_variables:
        conf[SOURCE_VARIABLES] = {action: dict(values) for action, values in source_variables.items()}
    if change:
        conf[CHANGE] = dict(change)
    return conf | {TRIGGER: msgspec.to_builtins(trigger)}
