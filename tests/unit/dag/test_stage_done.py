"""The assets that a stage updates: which, when, and what the events say."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace

import msgspec
import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Asset
from airflow.serialization.serialized_objects import DagSerialization

from airflow_codepipeline.artifacts.reference import ArtifactReference
from airflow_codepipeline.dag.stage_done import StageDoneOperator
from airflow_codepipeline.definition.extension import StageExtension
from airflow_codepipeline.definition.schedules import AssetName
from unit.dag.kit import RUN_ID, Execution, web_shop

OUTLETS = ("shop", AssetName(name="site", uri="s3://site/live"))


def updating_shop():
    pipeline = web_shop()
    *before, deploy = pipeline.stages
    deploy = msgspec.structs.replace(deploy, airflow=StageExtension(outlets=OUTLETS))
    return msgspec.structs.replace(pipeline, stages=(*before, deploy))


@pytest.fixture
def execution():
    return Execution(updating_shop())


def end(execution):
    """Let the stage end; return what Airflow would store, by asset."""
    events = defaultdict(lambda: SimpleNamespace(extra={}))
    task = execution.dag.task_dict["Deploy.done"]
    task.execute(execution.context("Deploy.done") | {"outlet_events": events})
    return {asset.name: events[asset].extra for asset in task.outlets}


def test_only_a_stage_that_updates_assets_takes_a_worker_for_its_end():
    dag = Execution(updating_shop()).dag

    assert isinstance(dag.task_dict["Deploy.done"], StageDoneOperator)
    assert type(dag.task_dict["Build.done"]) is EmptyOperator


def test_the_end_of_the_stage_stands_where_it_stood_and_airflow_knows_its_assets():
    plain = Execution(web_shop()).dag.task_dict["Deploy.done"]
    task = Execution(updating_shop()).dag.task_dict["Deploy.done"]

    assert task.upstream_task_ids == plain.upstream_task_ids
    assert task.trigger_rule == plain.trigger_rule
    assert task.outlets == [Asset("shop"), Asset(name="site", uri="s3://site/live")]
    stored = DagSerialization.from_dict(DagSerialization.to_dict(Execution(updating_shop()).dag))
    assert [outlet.name for outlet in stored.get_task("Deploy.done").outlets] == ["shop", "site"]


def test_the_events_say_which_execution_it_was_and_what_it_took(execution):
    took = ArtifactReference(
        name="Code", bucket="b", key="k", region="r", revision_id="abc", revision_summary="Fix the cart"
    )
    execution.leave("Source.Code", artifacts=(took,))
    expected = {
        "pipelineName": "web-shop",
        "stageName": "Deploy",
        "pipelineExecutionId": RUN_ID,
        "sourceRevisions": [{"actionName": "Code", "revisionId": "abc", "revisionSummary": "Fix the cart"}],
    }

    assert end(execution) == {"shop": expected, "site": expected}


def test_a_stage_that_was_skipped_updates_nothing(execution):
    execution.xcoms.push("Deploy.beforeEntry", "return_value", {"engaged": True, "result": "SKIP"})

    assert end(execution) == {}


def test_a_condition_that_was_met_or_overridden_skips_nothing(execution):
    execution.xcoms.push("Deploy.beforeEntry", "return_value", {"engaged": False, "result": "SKIP"})

    assert set(end(execution)) == {"shop", "site"}
