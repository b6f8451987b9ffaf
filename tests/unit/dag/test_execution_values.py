from __future__ import annotations

import msgspec
import pytest

from airflow_codepipeline.artifacts.reference import ArtifactReference
from airflow_codepipeline.dag.execution_values import ExecutionValues
from airflow_codepipeline.dag.result import ActionResult
from airflow_codepipeline.definition.model import EnvironmentVariable
from airflow_codepipeline.errors import ArtifactError, VariableError
from airflow_codepipeline.execution.records import ROLLBACK
from unit.dag.kit import RUN_ID, Execution, web_shop

SOURCE = ArtifactReference(name="SourceOutput", bucket="store", key="a.zip", region="eu-west-1")


@pytest.fixture
def execution():
    return Execution(web_shop())


def values_of(execution, task_id="Build.Build"):
    return ExecutionValues(execution.declaration(task_id).wiring, execution.context(task_id))


def test_a_namespaces_variable_is_what_its_action_left(execution):
    execution.leave("Source.Code", variables={"VersionId": "v1"})

    assert values_of(execution).variable("Code", "VersionId") == "v1"


@pytest.mark.parametrize(("namespace", "key"), [("Code", "ETag"), ("Built", "VERSION"), ("Nobody", "X")])
def test_a_variable_that_nobody_left_has_no_value(execution, namespace, key):
    execution.leave("Source.Code", variables={"VersionId": "v1"})

    assert values_of(execution).variable(namespace, key) is None


def test_pipeline_variables_and_the_executions_id_have_namespaces_of_their_own(execution):
    values = values_of(execution)

    assert values.variable("variables", "Environment") == "test"
    assert values.variable("variables", "Unknown") is None
    assert values.variable("codepipeline", "PipelineExecutionId") == RUN_ID
    assert values.variable("codepipeline", "Other") is None


def test_an_artifact_is_what_its_action_left(execution):
    execution.leave("Source.Code", artifacts=(SOURCE,))

    assert values_of(execution).artifact("SourceOutput") == SOURCE


def test_an_artifact_that_was_not_left_is_missed_by_name_and_producer(execution):
    with pytest.raises(ArtifactError, match=r"SourceOutput .*Source/Code left none, because it has not"):
        values_of(execution).artifact("SourceOutput")
    with pytest.raises(ArtifactError, match=r"Nothing .*no action declares it"):
        values_of(execution).artifact("Nothing")


def test_a_configuration_is_resolved_and_the_declaration_left_alone(execution):
    execution.leave("Source.Code", variables={"VersionId": "v1"})
    declared = execution.declaration("Build.Build").action

    resolved = values_of(execution).resolved(declared)

    assert resolved.configuration["EnvironmentVariables"] == '[{"name": "VERSION", "value": "v1"}]'
    assert "#{Code.VersionId}" in declared.configuration["EnvironmentVariables"]


def test_commands_are_resolved(execution):
    execution.leave("Build.Build", variables={"VERSION": "7"})

    resolved = values_of(execution, "Build.Test").resolved(execution.declaration("Build.Test").action)

    assert resolved.commands == ("make test VERSION=7",)


def test_an_artifact_that_its_action_did_not_write_is_missed_too(execution):
    execution.leave("Source.Code")

    with pytest.raises(ArtifactError, match=r"SourceOutput .*Source/Code left none\.$"):
        values_of(execution).artifact("SourceOutput")


def unresolved(execution, text: str) -> str:
    action = execution.declaration("Build.Test").action
    with pytest.raises(VariableError) as caught:
        values_of(execution, "Build.Test").resolved(msgspec.structs.replace(action, commands=("true", text)))
    return str(caught.value)


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("#{codepipeline.Id}", "the namespace codepipeline has PipelineExecutionId only"),
        ("#{variables.Stage}", "the pipeline has no value for a variable Stage; its variables: Environment"),
        ("#{Code.ETag}", "Source/Code left VersionId"),
        ("#{Nobody.X}", "no action has the namespace Nobody; the namespaces: Code, Built"),
        ("#{Built.X}", "Build/Build left none, because it has not run to its end in this execution"),
    ],
)
def test_a_reference_without_a_value_is_an_error_that_says_where_it_stands_and_why(execution, reference, why):
    execution.leave("Source.Code", variables={"VersionId": "v1"})

    assert unresolved(execution, f"echo {reference}") == f"Test, command 2: {reference} has no value: {why}."


def test_an_action_that_left_no_variables_is_said_to_have_left_none(execution):
    execution.leave("Source.Code")

    assert unresolved(execution, "#{Code.ETag}").endswith("Source/Code left no variables.")


def test_a_stage_that_was_skipped_is_named_as_the_reason(execution):
    execution.xcoms.push("Build.beforeEntry", "return_value", {"engaged": True, "result": "SKIP"})

    assert unresolved(execution, "#{Built.X}").endswith(
        "Build/Build did not run, because the stage Build was skipped."
    )


def test_places_in_a_configuration_and_in_environment_variables_are_named(execution):
    with pytest.raises(VariableError, match=r"Build, EnvironmentVariables of the configuration: #\{Code\.V"):
        values_of(execution).resolved(execution.declaration("Build.Build").action)
    action = execution.declaration("Build.Test").action
    variable = EnvironmentVariable(name="TAG", value="#{Code.Tag}")
    with pytest.raises(VariableError, match=r"Test, the environment variable TAG: #\{Code\.Tag\}"):
        values_of(execution).resolved(
            msgspec.structs.replace(action, commands=(), environment_variables=(variable,))
        )


def test_values_that_are_too_large_together_are_an_error(execution):
    execution.leave("Build.Build", variables={"VERSION": "x" * (100 * 1024)})

    with pytest.raises(VariableError, match="102400"):
        values_of(execution, "Build.Test").resolved(execution.declaration("Build.Test").action)


def test_what_was_not_declared_as_a_variable_is_none_whatever_the_run_has(execution):
    execution.params["comment"] = "x"

    assert values_of(execution).variable("variables", "comment") is None


OF_BUILD = {ROLLBACK: {"stage": "Build", "targetPipelineExecutionId": "good", "targetRunId": "manual__1"}}


class TestRollback:
    """A rollback of Build: Source is another execution's, Build this one's."""

    @pytest.fixture
    def target(self):
        return {}

    @pytest.fixture
    def values(self, target):
        execution = Execution(web_shop(), conf=OF_BUILD)
        execution.leave("Build.Build", variables={"VERSION": "own"})
        execution.leave("Source.Code", variables={"VersionId": "own"}, artifacts=(SOURCE,))
        context = execution.context("Build.Test")
        own = context["ti"].xcom_pull

        def pull(task_ids, key="return_value", *, run_id=None):
            return own(task_ids, key) if run_id is None else target.get((run_id, task_ids))

        context["ti"].xcom_pull = pull
        return ExecutionValues(execution.declaration("Build.Test").wiring, context)

    def test_other_stages_values_are_the_targets(self, values, target):
        old = msgspec.structs.replace(SOURCE, key="old.zip")
        left = ActionResult(action_execution_id="0", variables={"VersionId": "old"}, artifacts=(old,))
        target["manual__1", "Source.Code"] = left.to_xcom()

        assert values.variable("Code", "VersionId") == "old"
        assert values.artifact("SourceOutput") == old

    def test_its_own_stages_values_are_its_own(self, values):
        assert values.variable("Built", "VERSION") == "own"
        assert values.variable("codepipeline", "PipelineExecutionId") == RUN_ID

    def test_it_does_without_nothing_that_is_gone(self, values):
        assert values.variable("Code", "VersionId") is None
        with pytest.raises(
            ArtifactError, match=r"Source/Code left nothing in good, the execution that is rolled"
        ):
            values.artifact("SourceOutput")


def test_a_source_actions_configuration_is_taken_as_it_is(execution):
    action = execution.declaration("Source.Code").action

    assert values_of(execution, "Source.Code").resolved(action) is action
