"""One DAG for every pipeline definition in include/pipelines."""

from airflow.sdk import DAG  # noqa: F401 - Airflow looks for this line before it reads a file

from airflow_codepipeline import load_pipelines

load_pipelines(globals())
