"""The event types that a notification rule may name.

Source: Developer Tools console user guide, "Events for notification rules on pipelines".
"""

from __future__ import annotations

PREFIX = "codepipeline-pipeline-"
_STATES = {
    "action-execution": ("started", "succeeded", "failed", "canceled"),
    "stage-execution": ("started", "succeeded", "resumed", "canceled", "failed"),
    "pipeline-execution": ("started", "succeeded", "resumed", "canceled", "failed", "superseded"),
    "manual-approval": ("needed", "succeeded", "failed"),
}
EVENT_TYPES = tuple(f"{PREFIX}{of}-{state}" for of, states in _STATES.items() for state in states)
"""Their ids, as AWS spells them."""
