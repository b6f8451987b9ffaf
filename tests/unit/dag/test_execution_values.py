from __future__ import annotations

import pytest

from airflow_codepipeline.artifacts.reference import ArtifactReference
from airflow_codepipeline.dag.execution_values import ExecutionValues
from airflow_codepipeline.errors import ArtifactError, VariableError
from dag.kit import RUN_ID, Execution, web_shop

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
    with pytest.raises(ArtifactError, match=r"SourceOutput .*Source/Code left none"):
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


def test_a_reference_without_a_value_is_an_error(execution):
    with pytest.raises(VariableError, match="VersionId"):
        values_of(execution).resolved(execution.declaration("Build.Build").action)


def test_a_source_actions_configuration_is_taken_as_it_is(execution):
    action = execution.declaration("Source.Code").action

    assert values_of(execution, "Source.Code").resolved(action) is action
