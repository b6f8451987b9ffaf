"""What a rollback asks of Airflow's database before it starts anything."""

from __future__ import annotations

import pytest

from airflow_codepipeline.service.rollback import rollback_stage
from unit.execution.refusals import refused


@pytest.mark.usefixtures("pipeline")
def test_a_stage_of_a_paused_pipeline_is_not_rolled_back(database):
    from airflow.models.dag import DagModel

    good = database.start("shop")
    with database.session() as session:
        session.get(DagModel, "shop").is_paused = True

    with (
        database.session() as session,
        refused("ConflictException", "The pipeline shop is paused in Airflow"),
    ):
        rollback_stage(
            session,
            "ada",
            pipeline_name="shop",
            stage_name="Deploy",
            target_pipeline_execution_id=good.run_id,
        )
