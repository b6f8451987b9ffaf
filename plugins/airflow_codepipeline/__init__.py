"""AWS CodePipeline on Apache Airflow: a pipeline definition becomes a DAG."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_codepipeline.dag.factory import build_dag, load_pipelines
    from airflow_codepipeline.definition.model import Pipeline
    from airflow_codepipeline.definition.reader import read_pipeline

__all__ = ["Pipeline", "build_dag", "load_pipelines", "read_pipeline"]

_MODULES = {
    "Pipeline": "airflow_codepipeline.definition.model",
    "build_dag": "airflow_codepipeline.dag.factory",
    "load_pipelines": "airflow_codepipeline.dag.factory",
    "read_pipeline": "airflow_codepipeline.definition.reader",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the plugin must cost nothing in other processes."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
