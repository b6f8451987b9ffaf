"""The DAGs that are no pipelines: what serves all pipelines of a folder.

The stopper is always there. Each of the others is named in the section `[codepipeline]` of Airflow's
configuration by an option of its own; without that option there is no such DAG. The reporter is there, too,
where a definition declares whom to tell.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import conf

from airflow_codepipeline.dag import names
from airflow_codepipeline.errors import CodePipelineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from airflow.sdk import DAG

    from airflow_codepipeline.definition.model import Pipeline

SECTION = "codepipeline"
"""The section of Airflow's configuration that is ours."""

SERVICE_TAG = "codepipeline-service"
"""The tag that each of these DAGs has."""

_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
REPORTER = "codepipeline.reporter"
STOPPER = "codepipeline.stopper"
_BUILDERS: dict[str, tuple[str | None, str]] = {
    "codepipeline.dispatcher": ("event_queue", "airflow_codepipeline.serving.dispatcher:build_dispatcher"),
    "codepipeline.poller": ("poll_seconds", "airflow_codepipeline.serving.poller:build_poller"),
    REPORTER: ("event_bus", "airflow_codepipeline.serving.reporter:reporter_dag"),
    STOPPER: (None, "airflow_codepipeline.serving.stopper:stopper_dag"),
}
"""By the DAG's id: the option that wants it, none where it is always there, and the function that makes it of
the option's text."""


def option(name: str) -> str | None:
    """Return an option of our section of Airflow's configuration, or none where it is not set."""
    text: str | None = conf.get(SECTION, name, fallback=None)
    return text or None


def is_own(dag_id: str) -> bool:
    """Tell whether a DAG's id is one of these."""
    return dag_id in _BUILDERS


def check_not_own(pipeline: Pipeline) -> None:
    """Check that a pipeline's DAG would not be called as one of these.

    :raises CodePipelineError: it would.
    """
    if is_own(names.dag_id(pipeline.name)):
        raise CodePipelineError(
            f"The name {pipeline.name} is taken: a DAG that serves all pipelines is called so. Rename the "
            "pipeline and its file."
        )


def own_dags(folder: Path, *, only: Iterable[str] | None = None) -> Iterator[DAG]:
    """Yield the DAGs that are configured. One that cannot be made is an import error, as a definition's is.

    :param folder: the folder of definitions.
    :param only: the ids of those that are wanted; none: all.
    """
    for dag_id in _BUILDERS if only is None else only:
        wanted_by = _BUILDERS[dag_id][0]
        value = option(wanted_by) if wanted_by else None
        if value is not None or wanted_by is None:
            try:
                dag = _build(dag_id, value, folder)
            except CodePipelineError as error:
                from airflow_codepipeline.dag.broken import register_broken

                register_broken(folder.parent / dag_id, error)
            else:
                yield dag


def reporter(folder: Path) -> DAG:
    """Return the reporter, whether an option wants it or not."""
    return _build(REPORTER, None, folder)


def continuous_dag(dag_id: str, about: str) -> DAG:
    """Return a DAG of which one run follows the other: each waits for something to do, does it, and ends.

    :param about: what people read of it, as Markdown.
    """
    from airflow.sdk import DAG

    dag = DAG(
        dag_id,
        schedule="@continuous",
        start_date=_BEGAN,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,
        tags=[SERVICE_TAG],
        doc_md=about,
    )
    # A run may wait for weeks: what it starts then must be what the definitions are then.
    dag.disable_bundle_versioning = True
    return dag


def on_demand_dag(dag_id: str, about: str, *, most_runs: int) -> DAG:
    """Return a DAG whose runs are created one by one, for what is to be done then.

    :param about: what people read of it, as Markdown.
    :param most_runs: how many runs, and how many tasks, there may be at once.
    """
    from airflow.sdk import DAG

    return DAG(
        dag_id,
        schedule=None,
        doc_md=about,
        max_active_runs=most_runs,
        max_active_tasks=most_runs,
        is_paused_upon_creation=False,
        tags=[SERVICE_TAG],
    )


def _build(dag_id: str, value: str | None, folder: Path) -> DAG:
    module, _, function = _BUILDERS[dag_id][1].partition(":")
    dag: DAG = getattr(import_module(module), function)(dag_id, value, folder)
    return dag
