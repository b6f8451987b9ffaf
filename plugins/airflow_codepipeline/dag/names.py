"""CodePipeline's names as Airflow's ids, reversibly.

CodePipeline allows `[A-Za-z0-9.@_-]` in names. Airflow refuses `@` in every id and `.` in the id of a
task group; and a stage has tasks of its own beside its actions. What is not allowed becomes `_xHH_`, its
character code in hexadecimal; in a name that has such a character, or looks as if it had been written so,
`_x` itself becomes `_x5f_x`.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from airflow_codepipeline.execution.conditions import LABELS

if TYPE_CHECKING:
    from airflow_codepipeline.execution.conditions import ConditionHook

ENTER, EXIT, DONE = "enter", "exit", "done"
OWN_TASKS = frozenset({ENTER, EXIT, DONE, *LABELS.values()})
"""What the tasks of a stage are called that are no actions."""

_ESCAPED = re.compile(r"_x([0-9a-f]{2})_")
_NAMESPACE = uuid.UUID("5b1b6f0e-3f0c-5e57-9a55-0c2f3f6f8d11")


def _escape(name: str, refused: str) -> str:
    if not _ESCAPED.search(name) and not any(character in name for character in refused):
        return name
    name = name.replace("_x", "_x5f_x")
    for character in refused:
        name = name.replace(character, f"_x{ord(character):02x}_")
    return name


def unescape(identifier: str) -> str:
    """Return the CodePipeline name that an id of ours was made from."""
    return _ESCAPED.sub(lambda match: chr(int(match.group(1), 16)), identifier)


def dag_id(pipeline: str) -> str:
    """Return the DAG's id of a pipeline."""
    return _escape(pipeline, "@")


def group_id(stage: str) -> str:
    """Return the task group's id of a stage."""
    return _escape(stage, "@.")


def action_label(action: str) -> str:
    """Return what an action's task is called within its stage's group."""
    if action in OWN_TASKS:
        return f"_x{ord(action[0]):02x}_{action[1:]}"
    return _escape(action, "@")


def task_id(stage: str, action: str) -> str:
    """Return the task's id of an action."""
    return f"{group_id(stage)}.{action_label(action)}"


def enter_id(stage: str) -> str:
    """Return the task's id of a stage's gate."""
    return f"{group_id(stage)}.{ENTER}"


def exit_id(stage: str) -> str:
    """Return the id of the task that frees a stage."""
    return f"{group_id(stage)}.{EXIT}"


def done_id(stage: str) -> str:
    """Return the id of the task that succeeds when a stage succeeded."""
    return f"{group_id(stage)}.{DONE}"


def condition_id(stage: str, hook: ConditionHook) -> str:
    """Return the id of the task that decides at a hook of a stage."""
    return f"{group_id(stage)}.{LABELS[hook]}"


def stage_task_id(stage: str, task: str) -> str:
    """Return the id of a stage's task: of an action, or one of the stage's own."""
    return f"{group_id(stage)}.{task}" if task in OWN_TASKS else task_id(stage, task)


def parse_task_id(identifier: str) -> tuple[str, str]:
    """Return the stage's name and the action's name (or enter, exit, done) of a task."""
    stage, _, action = identifier.partition(".")
    return unescape(stage), unescape(action)


def execution_id(dag: str, run_id: str) -> str:
    """Return the pipeline execution's id of a DAG run: its run id if that is a UUID, else one made of it."""
    try:
        return str(uuid.UUID(run_id))
    except ValueError:
        return str(uuid.uuid5(_NAMESPACE, f"{dag}/{run_id}"))


def attempt_id(*, dag: str, run_id: str, task: str, generation: int, attempt: int) -> str:
    """Return the action execution's id of one attempt: the same after any crash, new for a new attempt.

    :param generation: how often the task was cleared.
    :param attempt: the number of this attempt within the generation, from 1.
    """
    return str(uuid.uuid5(_NAMESPACE, f"{dag}/{run_id}/{task}/{generation}/{attempt}"))
