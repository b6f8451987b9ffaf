"""How far a sink has been told of an execution: what is kept between two looks, and after a crash."""

from __future__ import annotations

from typing import Any

import msgspec

from airflow_codepipeline.events.look import Outcome
from airflow_codepipeline.events.progress import Progress

Message = dict[str, Any]
"""What one is told: a JSON object, whose members are its sink's matter."""


class Report(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The report of an execution to one sink.

    :param looks: how many of the looks that were left have been taken in.
    :param outcomes: of the actions that have ended, by `place`.
    :param outbox: what is still to be delivered, the oldest first.
    """

    looks: int = 0
    progress: Progress = msgspec.field(default_factory=Progress)
    outcomes: dict[str, Outcome] = {}
    outbox: list[Message] = []
