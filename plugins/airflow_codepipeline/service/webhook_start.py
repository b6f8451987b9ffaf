"""What became of a webhook's message, and how it starts a pipeline.

Each pipeline is started in a transaction of its own. A message that is sent again starts nothing twice: its
executions' ids are made of what it says, and what failed the first time may succeed then.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field
from typing import Any

from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.service.start import start_execution

log = logging.getLogger(__name__)

_PASSING = frozenset(
    {"ConcurrentPipelineExecutionsLimitExceededException", "ConcurrentModificationException"}
)


@dataclass(kw_only=True)
class Started:
    """What became of a message.

    :param not_started: the pipelines that it could have started and did not, and why.
    :param unanswered: whether a provider's API failed where its answer decides.
    :param postponed: whether a pipeline could not be started for a reason that passes.
    """

    executions: list[dict[str, str]] = field(default_factory=list)
    not_started: list[dict[str, str]] = field(default_factory=list)
    unanswered: bool = False
    postponed: bool = False

    def refuse(self, pipeline: str, reason: str) -> None:
        """Note that a pipeline was not started."""
        self.not_started.append({"pipelineName": pipeline, "reason": reason})

    def start(self, pipeline: str, **start: Any) -> None:
        """Start a pipeline, or note why it could not be; the parameters are those of `start_execution`."""
        from airflow.utils.session import create_session

        try:
            with create_session() as session:
                found = start_execution(session, pipeline_name=pipeline, **start)
        except Refusal as refusal:
            log.warning("A webhook does not start %s: %s", pipeline, refusal)
            self.postponed |= refusal.code in _PASSING
            self.refuse(pipeline, refusal.message)
        else:
            self.executions.append({"pipelineName": pipeline, **found})


def token_of(*what: str) -> str:
    """Return the clientRequestToken of a message: the same for the same."""
    return f"webhook-{hashlib.sha256(chr(0).join(what).encode()).hexdigest()}"
