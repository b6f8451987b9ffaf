"""People who stop and retry executions while they run, through the CodePipeline API."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from airflow_codepipeline.local.airflow_server import USER
from fixtures.codepipeline_api import client_of

if TYPE_CHECKING:
    import random

    from airflow_codepipeline.local.airflow_server import AirflowServer

_MODES = ("FAILED_ACTIONS", "ALL_ACTIONS")


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """Something that was done to an execution and accepted, or may have been: its answer was lost.

    :param at: when it was asked for, in seconds since the epoch.
    :param answered: when it was accepted; none where that is not known.
    """

    what: str
    execution: str
    stage: str | None
    at: float
    answered: float | None = None


@dataclass(kw_only=True, slots=True)
class Operations:
    """Stops and retries executions at random."""

    client: Any
    random: random.Random
    acts: list[Act] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, server: AirflowServer, chance: random.Random) -> Operations:
        """Log in to an Airflow."""
        login = {"username": USER, "password": server.password}
        token = httpx.post(f"{server.url}/auth/token", json=login, timeout=60).json()["access_token"]
        client = client_of(f"{server.url}/codepipeline", token)
        return cls(client=client, random=chance)

    def stop(self, pipeline: str, execution: str) -> None:
        """Stop an execution, or try to: half of the time what is in progress is abandoned."""
        abandon = self.random.random() < 0.5
        what = "abandon" if abandon else "stop"
        names = {"pipelineName": pipeline, "pipelineExecutionId": execution}
        self._ask(what, execution, None, self.client.stop_pipeline_execution, **names, abandon=abandon)

    def retry(self, pipeline: str, execution: str) -> bool:
        """Retry the stage in which an execution failed; tell whether it runs again."""
        try:
            stage = self._failed_stage(pipeline, execution)
        except (ClientError, BotoCoreError):
            return False
        if stage is None:
            return False
        names = {"pipelineName": pipeline, "stageName": stage, "pipelineExecutionId": execution}
        mode = self.random.choice(_MODES)
        return self._ask(
            "retry", execution, stage, self.client.retry_stage_execution, **names, retryMode=mode
        )

    def _failed_stage(self, pipeline: str, execution: str) -> str | None:
        """Return the last stage in which an action of an execution did not succeed."""
        listed = self.client.list_action_executions(
            pipelineName=pipeline, filter={"pipelineExecutionId": execution}
        )["actionExecutionDetails"]
        wrong = [one for one in listed if one["status"] in {"Failed", "Abandoned"}]
        return wrong[0]["stageName"] if wrong else None

    def _ask(self, what: str, execution: str, stage: str | None, call: Any, **arguments: Any) -> bool:
        asked, answered = time.time(), None
        try:
            call(**arguments)
        except ClientError as error:
            self.counts[f"{what} refused: {error.response['Error']['Code']}"] += 1
            return False
        except BotoCoreError:
            self.counts[f"{what}: no answer"] += 1
        else:
            answered = time.time()
            self.counts[what] += 1
        self.acts.append(Act(what=what, execution=execution, stage=stage, at=asked, answered=answered))
        return True
