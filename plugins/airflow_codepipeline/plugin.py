"""The Airflow plugin, imported by every Airflow process: it imports nothing else of this package."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class CodePipelinePlugin(AirflowPlugin):
    """Makes Airflow's processes know this package."""

    name = "codepipeline"
