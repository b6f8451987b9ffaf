"""What Airflow finds in the plugins folder; where the package is installed its entry point serves instead."""

from importlib.metadata import PackageNotFoundError, distribution

try:
    distribution("airflow-codepipeline")
except PackageNotFoundError:
    from airflow_codepipeline.plugin import CodePipelinePlugin  # noqa: F401
