"""The declaration of tests/data as a DAG, and the contexts of its tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow_codepipeline.dag.factory import build_dag
from airflow_codepipeline.dag.result import ActionResult
from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.local.task_context import LocalDagRun, XComs, task_context

WEB_SHOP = Path(__file__).parents[2] / "data" / "definitions" / "pipelines" / "web-shop.json"
RUN_ID = "6a1f0e52-3c8e-4b1c-9b6e-0d5b1f5e7a01"


def web_shop():
    return read_pipeline(WEB_SHOP)


class Execution:
    """One execution of a pipeline, in memory."""

    def __init__(self, pipeline, *, conf: dict[str, Any] | None = None, run_id: str = RUN_ID) -> None:
        self.dag = build_dag(pipeline)
        self.run = LocalDagRun(dag_id=self.dag.dag_id, run_id=run_id, conf=conf or {})
        self.xcoms = XComs()
        self.params = {variable.name: variable.default_value for variable in pipeline.variables}

    def declaration(self, task_id: str):
        return self.dag.task_dict[task_id].declaration

    def context(self, task_id: str) -> dict[str, Any]:
        return task_context(self.run, self.dag.task_dict[task_id], self.xcoms, self.params)

    def leave(self, task_id: str, **result: Any) -> None:
        """Let an action have left a result."""
        value = ActionResult(action_execution_id="0", **result).to_xcom()
        self.xcoms.push(task_id, "return_value", value)
