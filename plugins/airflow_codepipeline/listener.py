"""The listener of the plugin: Airflow's scheduler tells it when a run begins, and when it has ended.

The API server does so too, where a person marks a run as ended. It is imported by every process of
Airflow, and imports nothing of weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun


@hookimpl
def on_dag_run_running(dag_run: DagRun) -> None:
    """Let others be told of the execution, where somebody is to be."""
    from airflow_codepipeline.service.outcome import run_began

    run_began(dag_run)


@hookimpl
def on_dag_run_failed(dag_run: DagRun) -> None:
    """Retry or roll back a stage where its definition says so, and note how the execution stands."""
    from airflow_codepipeline.service.outcome import run_ended

    run_ended(dag_run)


@hookimpl
def on_dag_run_success(dag_run: DagRun) -> None:
    """Note how the execution stands: Airflow calls a superseded one successful."""
    from airflow_codepipeline.service.outcome import run_ended

    run_ended(dag_run)
