"""StopPipelineExecution, in an Airflow database."""

from __future__ import annotations

import pytest

from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.snapshot import load_executions
from airflow_codepipeline.service.stop import stop_pipeline_execution

from .conftest import took


def stop(database, execution, **how):
    with database.session() as session:
        stop_pipeline_execution(
            session, "ada", pipeline_name="shop", pipeline_execution_id=execution.id, **how
        )


@pytest.mark.parametrize("state", ["scheduled", "queued"])
def test_an_action_that_waits_for_its_first_try_does_not_begin(database, pipeline, state):
    execution = took(database.start("shop")).set(Build__enter="success")
    execution.set_task("Build.Compile", state=state, try_number=1)

    stop(database, execution)

    assert execution.column("Build.Compile", "state") == "upstream_failed"


@pytest.mark.parametrize("state", ["scheduled", "queued"])
@pytest.mark.parametrize("cleared", [False, True])
def test_an_action_that_is_tried_again_after_a_lost_worker_goes_on_to_its_end(
    database, pipeline, state, cleared
):
    execution = took(database.start("shop")).set(Build__enter="success")
    if cleared:
        execution.set_task("Build.Compile", state="failed", try_number=1).clear("Build.Compile")
    tries = execution.column("Build.Compile", "try_number")
    execution.set_task("Build.Compile", state=state, try_number=tries + 2)

    stop(database, execution)

    assert execution.column("Build.Compile", "state") == state
    assert execution.column("Build.Check", "state") == "upstream_failed"


def test_an_action_that_is_tried_again_is_given_up_with_those_that_run(database, pipeline):
    execution = took(database.start("shop")).set(Build__enter="success")
    execution.set_task("Build.Compile", state="queued", try_number=2)

    stop(database, execution, abandon=True)

    assert execution.column("Build.Compile", "state") == "failed"
    with database.session() as session:
        [found] = load_executions(session, find_pipeline(session, "shop"), [execution.run_id])
    assert found.stage("Build").abandoned == {"Compile"}
