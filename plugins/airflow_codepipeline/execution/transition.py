"""Transitions between stages: where executions wait because somebody said so.

Source: CodePipeline API reference, DisableStageTransition and TransitionState.
"""

from __future__ import annotations

import msgspec


class TransitionState(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The transition into a stage.

    :param last_changed_by: who disabled or enabled it.
    :param last_changed_at: when, ISO 8601.
    :param disabled_reason: why it is disabled.
    """

    enabled: bool = True
    last_changed_by: str | None = None
    last_changed_at: str | None = None
    disabled_reason: str | None = None


ENABLED = TransitionState()
RIGHT = 'It is {"<stage>": {"enabled": false, "disabledReason": "…"}}.'
"""What the Variable with a pipeline's transitions looks like."""


def variable_key(dag_id: str) -> str:
    """Return the key of the Airflow Variable that holds a pipeline's transitions."""
    return f"codepipeline.transitions.{dag_id}"


def read_transition(text: str | None, stage: str) -> TransitionState:
    """Return the transition into a stage, as that Variable says it: enabled where it says nothing.

    :raises msgspec.DecodeError: the Variable is something else than `RIGHT` says.
    """
    if not text:
        return ENABLED
    return msgspec.json.decode(text, type=dict[str, TransitionState]).get(stage, ENABLED)
