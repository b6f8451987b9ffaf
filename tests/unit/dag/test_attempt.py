from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest

from airflow_codepipeline.actions.base import SourceRevision
from airflow_codepipeline.actions.s3_source import S3Source
from airflow_codepipeline.artifacts.reference import ArtifactReference
from airflow_codepipeline.dag.attempt import new_attempt
from airflow_codepipeline.errors import ActionError, ArtifactError
from airflow_codepipeline.execution.refusal import Refusal
from unit.dag.kit import RUN_ID, Execution, web_shop

OVERRIDE = {"actionName": "Code", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": "v7"}


@pytest.fixture(autouse=True)
def region(monkeypatch):
    monkeypatch.setenv("AWS_REGION", "eu-west-1")


@pytest.fixture
def execution():
    made = Execution(web_shop())
    for task_id, name in (("Source.Code", "SourceOutput"), ("Source.Image", "ImageOutput")):
        artifact = ArtifactReference(name=name, bucket="store", key=f"{name}.zip", region="eu-west-1")
        made.leave(task_id, variables={"VersionId": "v1"}, artifacts=(artifact,))
    return made


def begin(execution, task_id, *, generation=0, attempt=1):
    declaration, context = execution.declaration(task_id), execution.context(task_id)
    return new_attempt(declaration, context, generation=generation, attempt=attempt)


def test_an_attempt_holds_all_that_its_provider_needs(execution):
    context = begin(execution, "Build.Build").context

    assert (context.pipeline, context.stage, context.action.name) == ("web-shop", "Build", "Build")
    assert context.pipeline_execution_id == RUN_ID
    assert [artifact.name for artifact in context.input_artifacts] == ["SourceOutput", "ImageOutput"]
    assert [location.name for location in context.output_locations] == ["BuildOutput"]
    assert '"v1"' in context.action.configuration["EnvironmentVariables"]
    assert context.identity.region == "eu-west-1"
    assert context.identity.roles == ("arn:aws:iam::123456789012:role/codepipeline-service",)


def test_what_refers_to_secrets_is_declared_and_never_brought_by_a_variable(execution):
    brought = "{{resolve:secretsmanager:prod}}"
    source = ArtifactReference(name="SourceOutput", bucket="store", key="s.zip", region="eu-west-1")
    execution.leave("Source.Code", variables={"VersionId": brought}, artifacts=(source,))
    execution.declaration("Build.Build").action.configuration["ProjectName"] = "{{resolve:ssm:/project}}"

    context = begin(execution, "Build.Build").context

    assert brought in context.action.configuration["EnvironmentVariables"]
    assert context.references == {"ProjectName": ("{{resolve:ssm:/project}}",)}


def test_the_same_attempt_has_the_same_id_and_outputs_and_another_attempt_others(execution):
    first, again = begin(execution, "Build.Build").context, begin(execution, "Build.Build").context
    second = begin(execution, "Build.Build", attempt=2).context

    assert uuid.UUID(first.action_execution_id)
    assert again.action_execution_id == first.action_execution_id
    assert again.output_locations == first.output_locations
    assert second.action_execution_id != first.action_execution_id
    assert second.output_locations != first.output_locations


def test_the_deadline_is_the_actions_timeout_from_now(execution):
    execution.leave("Build.Build", variables={"VERSION": "7"})
    before = datetime.now(UTC)

    deadline = datetime.fromisoformat(begin(execution, "Deploy.Approve").deadline)

    assert before + timedelta(minutes=60) <= deadline <= datetime.now(UTC) + timedelta(minutes=60)


def test_a_source_takes_the_revision_that_the_execution_was_started_with():
    execution = Execution(web_shop(), conf={"codepipeline.sourceRevisions": [OVERRIDE]})

    given = SourceRevision(type="S3_OBJECT_VERSION_ID", value="v7")
    assert begin(execution, "Source.Code").context.source_revisions == (given,)
    assert begin(execution, "Source.Image").context.source_revisions == ()


def test_a_source_says_of_the_change_what_the_execution_was_started_with():
    pushed = {"BranchName": "release/1"}
    execution = Execution(web_shop(), conf={"codepipeline.sourceVariables": {"Code": pushed}})

    assert begin(execution, "Source.Code").context.source_variables == pushed
    assert begin(execution, "Source.Image").context.source_variables == {}


def test_a_backfill_takes_what_was_current_at_its_intervals_end(execution):
    end = datetime(2026, 1, 2, tzinfo=UTC)
    declaration, context = execution.declaration("Source.Code"), execution.context("Source.Code")
    context["dag_run"] = SimpleNamespace(
        run_type="backfill", data_interval_end=end, conf=None, clear_number=0
    )

    record = new_attempt(declaration, context, generation=0, attempt=1)

    assert record.context.as_of == end


def begin_in(execution, task_id, **run):
    declaration, context = execution.declaration(task_id), execution.context(task_id)
    known = {"run_type": "backfill", "data_interval_end": datetime(2026, 1, 2, tzinfo=UTC), "conf": None}
    context["dag_run"] = SimpleNamespace(**known | {"clear_number": 0} | run)
    return new_attempt(declaration, context, generation=0, attempt=1)


def scheduled(*, catchup):
    pipeline = web_shop()
    extension = msgspec.structs.replace(pipeline.airflow, catchup=catchup)
    return Execution(msgspec.structs.replace(pipeline, airflow=extension))


def test_a_scheduled_execution_takes_what_was_current_at_its_date_only_where_the_pipeline_catches_up():
    end = datetime(2026, 1, 2, tzinfo=UTC)

    late = begin_in(scheduled(catchup=True), "Source.Code", run_type="scheduled")
    assert late.context.as_of == end
    assert begin_in(scheduled(catchup=False), "Source.Code", run_type="scheduled").context.as_of is None


def test_only_sources_are_of_a_date(execution):
    assert begin_in(execution, "Build.Build").context.as_of is None


def test_a_source_that_knows_no_past_fails_rather_than_taking_the_present(execution, monkeypatch):
    monkeypatch.setattr(S3Source, "knows_past", False)

    with pytest.raises(ActionError, match=r"cannot tell what was current at 2026-01-02T00:00Z"):
        begin_in(execution, "Source.Code")
    given = begin_in(execution, "Source.Code", conf={"codepipeline.sourceRevisions": [OVERRIDE]})
    assert given.context.as_of is None
    assert given.context.source_revisions


@pytest.mark.parametrize("task_id", ["Source.Code", "Source.Image"])
def test_every_action_of_the_first_stage_says_what_is_wrong_with_the_conf(task_id):
    execution = Execution(web_shop(), conf={"Enviroment": "prod"})

    with pytest.raises(Refusal, match=r"no variable 'Enviroment'. Its variables: Environment"):
        begin(execution, task_id)


def test_any_other_execution_takes_what_is_current_now(execution):
    assert begin(execution, "Source.Code").context.as_of is None


def test_an_input_that_was_not_left_stops_the_attempt():
    execution = Execution(web_shop())
    execution.leave("Source.Code", variables={"VersionId": "v1"})

    with pytest.raises(ArtifactError, match="SourceOutput"):
        begin(execution, "Build.Build")
