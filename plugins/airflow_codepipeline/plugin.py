"""The Airflow plugin, imported by every Airflow process: what one of them needs is imported when it asks."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin


class CodePipelinePlugin(AirflowPlugin):
    """Makes Airflow's processes know this package."""

    name = "codepipeline"

    @property
    def listeners(self) -> list[Any]:  # type: ignore[override]
        """Return what the scheduler tells that a run has ended."""
        from airflow_codepipeline import listener

        return [listener]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Return what the API server serves; no other process asks."""
        from airflow_codepipeline.web.endpoint import PREFIX, endpoint

        return [{"app": endpoint, "url_prefix": PREFIX, "name": "CodePipeline API"}]

    @property
    def fastapi_root_middlewares(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Return what stands in front of the API server's own routes; no other process asks."""
        from airflow_codepipeline.web.approval_guard import ApprovalGuard
        from airflow_codepipeline.web.endpoint import Dispatch
        from airflow_codepipeline.web.write_turns import WriteTurns, are_needed

        middlewares: dict[str, Any] = {"CodePipeline approvals": ApprovalGuard, "CodePipeline API": Dispatch}
        if are_needed():
            middlewares["CodePipeline turns"] = WriteTurns
        return [
            {"middleware": middleware, "args": [], "kwargs": {}, "name": name}
            for name, middleware in middlewares.items()
        ]
