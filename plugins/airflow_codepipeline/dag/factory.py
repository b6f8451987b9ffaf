"""Pipelines to DAGs.

One DAG file serves all definitions. Where Airflow wants the DAGs of some (a task that starts), only those
definitions are read. A broken definition becomes an import error of its own file and leaves the rest alone.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, Param
from airflow.sdk.definitions._internal.types import NOTSET

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.declared import KEY, TAG, declaration_text
from airflow_codepipeline.dag.own_dags import REPORTER, check_not_own, is_own, own_dags, reporter
from airflow_codepipeline.dag.schedule import check_schedule, schedule_of, start_of
from airflow_codepipeline.dag.stage_group import add_stage
from airflow_codepipeline.dag.versioning import DagFilePlace
from airflow_codepipeline.dag.wanted import wanted_dags
from airflow_codepipeline.dag.wiring import Wiring
from airflow_codepipeline.definition.commit_sources import tells_commits
from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.settings import definition_files, definition_of, pipelines_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow.sdk import BaseOperator

    from airflow_codepipeline.definition.model import Pipeline, Variable

MAX_VALUE_CHARACTERS = 1000
MAX_CONCURRENT_EXECUTIONS = 50
"""How many executions of a pipeline may be under way: CodePipeline's quota for QUEUED and PARALLEL."""


def load_pipelines(namespace: dict[str, Any], *, services: bool = True) -> None:
    """Put the DAGs of all definitions into a DAG file's namespace: `load_pipelines(globals())`.

    :param services: whether the DAGs that serve all pipelines are among them, where they are configured. They
        know the definitions of their own folder; of several DAG folders one can have them.
    :raises FileNotFoundError: there is no folder of definitions.
    """
    dag_file = Path(namespace["__file__"])
    folder, place = pipelines_folder(dag_file), DagFilePlace.of(dag_file)
    wanted = wanted_dags()
    for own in own_dags(folder, only=None if wanted is None else filter(is_own, wanted)) if services else ():
        namespace[own.dag_id] = own
    only = _asked_for(folder, wanted)
    reports = wanted is not None and REPORTER in wanted
    with _collector_paused():
        for path in definition_files(folder) if only is None else only:
            try:
                # A task that starts need not check: its DAG would not exist if a check had failed.
                pipeline = read_pipeline(path, check=only is None)
                check_not_own(pipeline)
                dag = build_dag(pipeline, place=place)
                if only is None:
                    check_schedule(dag, pipeline.airflow)
            # Airflow's own refusals are many, and one definition's must not be the others' end.
            except Exception as error:
                from airflow_codepipeline.dag.broken import register_broken

                register_broken(path, error)
            else:
                namespace[dag.dag_id] = dag
                reports = reports or (wanted is None and _reports(pipeline))
    if services and reports and REPORTER not in namespace:
        namespace[REPORTER] = reporter(folder)


def _reports(pipeline: Pipeline) -> bool:
    """Tell whether a definition declares who is told of its executions."""
    return bool(pipeline.airflow.notifications) or tells_commits(pipeline)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the garbage collector from looking again and again at DAGs that all stay.

    That is a fifth of the time in which a folder of 1,000 definitions is loaded (docs/benchmarks.md).
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _asked_for(folder: Path, wanted: Iterable[str] | None) -> list[Path] | None:
    """Return the definitions that Airflow wants a DAG of, or none where it wants them all."""
    if wanted is None:
        return None
    found = [definition_of(folder, names.unescape(dag_id)) for dag_id in wanted if not is_own(dag_id)]
    paths = [path for path in found if path is not None]
    return paths if len(paths) == len(found) else None


def build_dag(pipeline: Pipeline, *, place: DagFilePlace | None = None) -> DAG:
    """Return the DAG of a pipeline.

    :param place: where it is built; none: nowhere that its definition would change while executions run.
    """
    extension = pipeline.airflow
    cancels = extension.on_update == "cancel"
    schedule = schedule_of(extension)
    dag = DAG(
        names.dag_id(pipeline.name),
        dag_display_name=pipeline.name,
        schedule=schedule,
        start_date=start_of(extension),
        catchup=extension.catchup,
        tags=_tags(pipeline),
        params=_params(pipeline),
        default_args={KEY: declaration_text(pipeline)}
        | ({"owner": extension.owner} if extension.owner else {}),
        max_active_runs=extension.max_active_runs or _most_runs(schedule),
        max_active_tasks=MAX_CONCURRENT_EXECUTIONS,
        is_paused_upon_creation=False,
    )
    if cancels:
        dag.disable_bundle_versioning = True
    wiring = Wiring.of(pipeline, watched=place.watched(cancels=cancels) if place else None)
    last: BaseOperator | None = None
    for stage in pipeline.stages:
        last = add_stage(dag, wiring, stage, after=last)
    return dag


def _owner(pipeline: Pipeline) -> dict[str, str]:
    return {"owner": pipeline.airflow.owner} if pipeline.airflow.owner else {}


def _most_runs(schedule: Any) -> int:
    """Return how many executions may be under way: where a schedule has a limit, Airflow wants to be told."""
    limit = 1 if schedule == "@continuous" else getattr(schedule, "active_runs_limit", None)
    return MAX_CONCURRENT_EXECUTIONS if limit is None else min(limit, MAX_CONCURRENT_EXECUTIONS)


def _tags(pipeline: Pipeline) -> list[str]:
    extension = pipeline.airflow
    return [TAG, *extension.tags, *([extension.environment] if extension.environment else [])]


def _params(pipeline: Pipeline) -> dict[str, Param] | None:
    """Return the pipeline's variables as the fields of Airflow's trigger form."""
    if not pipeline.variables:
        return None
    return {variable.name: _param(variable) for variable in pipeline.variables}


def _param(variable: Variable) -> Param:
    """Return a variable as a field: its value within AWS's limits, unless its default is not."""
    default = variable.default_value
    return Param(
        NOTSET if default is None else default,
        description=variable.description,
        type="string",
        minLength=0 if default == "" else 1,
        maxLength=max(MAX_VALUE_CHARACTERS, len(default or "")),
    )
