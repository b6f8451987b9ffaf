"""A definition that cannot become a DAG, as Airflow shows it: an import error of that file alone.

Airflow knows import errors by file, and takes a DAG's file from the module that registered it. So a DAG is
registered by a module that stands for the definition, and refuses to be serialised, with the findings.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG
from airflow.sdk.definitions._internal.contextmanager import DagContext

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.own_dags import is_own
from airflow_codepipeline.errors import CodePipelineError

if TYPE_CHECKING:
    from pathlib import Path


class BrokenPipelineDag(DAG):
    """Stands for a definition that cannot be used, until Airflow asks what is in it."""

    reason: str

    def get_serialized_fields(self) -> Any:  # type: ignore[override]
        """Refuse.

        :raises CodePipelineError: always, with what is wrong.
        """
        raise CodePipelineError(self.reason)


def register_broken(path: Path, error: Exception) -> None:
    """Make Airflow show why a definition cannot be used.

    :param error: the findings with their places, or what Airflow said of the DAG.
    """
    # Two DAGs of one id would be the error of the DAG file, and the other's end.
    dag_id = names.dag_id(path.name)
    dag_id = f"{dag_id}.definition" if is_own(dag_id) else dag_id
    dag = BrokenPipelineDag(dag_id, schedule=None, auto_register=False)
    ours = isinstance(error, CodePipelineError)
    dag.reason = str(error) if ours else f"{path}: Airflow refuses it: {error}"
    module = ModuleType(f"codepipeline_definition_{path.stem}")
    module.__file__ = str(path)
    DagContext.autoregistered_dags.add((dag, module))
