"""The end of a stage that updates assets.

Airflow stores the events and the task's success in one transaction. So an asset is updated exactly when the
stage has succeeded: whatever crashes, no event is lost, and none comes twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from airflow_codepipeline.dag.action_operator import retrying
from airflow_codepipeline.dag.schedule import asset_of

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_codepipeline.dag.wiring import Wiring
    from airflow_codepipeline.definition.model import Stage


class StageDoneOperator(BaseOperator):
    """Succeeds when a stage succeeded, and updates the stage's assets.

    The event's `extra` says which execution it was and which source revisions it took, in the words of
    CodePipeline's API:

        {"pipelineName": "…", "stageName": "…", "pipelineExecutionId": "…", "sourceRevisions":
         [{"actionName": "…", "revisionId": "…", "revisionSummary": "…", "revisionUrl": "…"}]}

    A stage that its entry condition skipped updates nothing.
    """

    ui_color = "#e8f7e4"

    def __init__(self, *, wiring: Wiring, stage: Stage, **kwargs: Any) -> None:
        outlets = [asset_of(outlet) for outlet in stage.airflow.outlets]
        super().__init__(outlets=outlets, **(retrying() | kwargs))
        self.wiring = wiring
        self.stage = stage

    def execute(self, context: Context) -> None:
        """Say what the events carry; Airflow stores them when the task has succeeded."""
        from airflow_codepipeline.dag.execution_values import ExecutionValues

        values = ExecutionValues(self.wiring, context)
        if values.is_skipped(self.stage.name):
            self.log.info("The stage %s was skipped: no asset is updated", self.stage.name)
            self.outlets = []
            return
        extra: dict[str, Any] = {
            "pipelineName": self.wiring.pipeline.name,
            "stageName": self.stage.name,
            "pipelineExecutionId": values.pipeline_execution_id,
            "sourceRevisions": values.source_revisions(),
        }
        for asset in self.outlets:
            context["outlet_events"][asset].extra.update(extra)
