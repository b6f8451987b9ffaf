from __future__ import annotations

import botocore.session
import msgspec
import pytest
from botocore.validate import validate_parameters

from airflow_codepipeline.actions.codebuild_request import build_request
from airflow_codepipeline.artifacts.reference import CloneReference
from airflow_codepipeline.errors import ActionError
from fixtures.attempts import ATTEMPT, attempt, reference

PROJECT = {"ProjectName": "project"}


def request(configuration=None, **more):
    found = build_request(attempt("Build", "CodeBuild", PROJECT | (configuration or {}), **more))
    shape = botocore.session.get_session().get_service_model("codebuild").operation_model("StartBuild")
    validate_parameters(found, shape.input_shape)
    return found


def test_the_source_is_the_input_artifact_at_its_version_and_the_token_is_the_attempt():
    found = request(inputs=[reference("In", version_id="v1")])
    assert found["sourceTypeOverride"] == "S3"
    assert found["sourceLocationOverride"] == "store/pipeline/In/0000000.zip"
    assert found["sourceVersion"] == "v1"
    assert found["idempotencyToken"] == ATTEMPT


def test_the_same_attempt_asks_for_exactly_the_same_so_the_token_matches():
    inputs = [reference("In", version_id="v1")]
    assert request(inputs=inputs, outputs=["Out"]) == request(inputs=inputs, outputs=["Out"])


def test_further_inputs_are_secondary_sources_at_their_versions():
    inputs = [reference("One"), reference("the-other", version_id="v2")]
    found = request({"PrimarySource": "One"}, inputs=inputs)
    assert found["sourceLocationOverride"] == "store/pipeline/One/0000000.zip"
    assert found["secondarySourcesOverride"] == [
        {"type": "S3", "location": "store/pipeline/the-other/0000000.zip", "sourceIdentifier": "the_other"}
    ]
    assert found["secondarySourcesVersionOverride"] == [
        {"sourceIdentifier": "the_other", "sourceVersion": "v2"}
    ]


@pytest.mark.parametrize(
    ("configuration", "reason"),
    [
        ({}, "PrimarySource must name one of One, Two"),
        ({"PrimarySource": "Three"}, "no input artifact Three. Its inputs: One, Two"),
    ],
)
def test_several_inputs_need_a_primary_source_among_them(configuration, reason):
    with pytest.raises(ActionError, match=reason):
        request(configuration, inputs=[reference("One"), reference("Two")])


def test_one_input_is_the_source_whatever_is_called_the_primary_one():
    found = request({"PrimarySource": "Other"}, inputs=[reference("One")])

    assert found["sourceLocationOverride"] == "store/pipeline/One/0000000.zip"


def test_one_output_is_the_artifact_of_the_build_at_the_planned_key():
    context = attempt("Build", "CodeBuild", PROJECT, inputs=[reference("In")], outputs=["Out"])
    override = build_request(context)["artifactsOverride"]
    assert f"{override['path']}/{override['name']}" == context.output_locations[0].key
    assert (override["location"], override["packaging"], override["namespaceType"]) == (
        "store",
        "ZIP",
        "NONE",
    )
    assert override["overrideArtifactName"] is False


def test_several_outputs_are_secondary_artifacts_by_their_names():
    found = request(inputs=[reference("In")], outputs=["One", "the-other"])
    assert found["artifactsOverride"] == {"type": "NO_ARTIFACTS"}
    identifiers = [item["artifactIdentifier"] for item in found["secondaryArtifactsOverride"]]
    assert identifiers == ["One", "the-other"]


def test_the_customers_key_encrypts_the_artifacts():
    inputs = [reference("In")]
    assert (
        request(inputs=inputs, outputs=["Out"], key_id="alias/mine")["encryptionKeyOverride"] == "alias/mine"
    )
    assert "encryptionKeyOverride" not in request(inputs=inputs, outputs=["Out"])


def test_environment_variables_are_plain_text_unless_they_say_otherwise():
    text = '[{"name": "A", "value": "1"}, {"name": "B", "value": "/p", "type": "PARAMETER_STORE"}]'
    assert request({"EnvironmentVariables": text}, inputs=[reference("In")])[
        "environmentVariablesOverride"
    ] == [
        {"name": "A", "value": "1", "type": "PLAINTEXT"},
        {"name": "B", "value": "/p", "type": "PARAMETER_STORE"},
    ]


@pytest.mark.parametrize(
    "text", ["no json", "{}", '[{"name": "A"}]', '[{"name": "A", "value": "1", "type": "X"}]']
)
def test_environment_variables_of_another_shape_are_refused(text):
    with pytest.raises(ActionError, match="EnvironmentVariables cannot be read"):
        request({"EnvironmentVariables": text}, inputs=[reference("In")])


def test_artifacts_are_combined_in_batches_only():
    with pytest.raises(ActionError, match="CombineArtifacts needs BatchEnabled"):
        request({"CombineArtifacts": "true"}, inputs=[reference("In")])


CODECOMMIT = CloneReference(
    source_type="CODECOMMIT", location="https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app"
)
CONNECTED = CloneReference(
    source_type="GITHUB",
    location="https://github.com/acme/app.git",
    connection_arn="arn:aws:codeconnections:eu-west-1:111122223333:connection/1a2b",
)


def clone_of(name, clone):
    return msgspec.structs.replace(reference(name, version_id="v1"), clone=clone, revision_id="c" * 40)


def test_a_full_clone_is_the_repository_itself_with_its_history_at_the_commit():
    found = request(inputs=[clone_of("In", CODECOMMIT)])
    assert found["sourceTypeOverride"] == "CODECOMMIT"
    assert found["sourceLocationOverride"] == CODECOMMIT.location
    assert found["sourceVersion"] == "c" * 40
    assert found["gitCloneDepthOverride"] == 0
    assert "sourceAuthOverride" not in found


def test_a_full_clone_through_a_connection_logs_in_with_it():
    found = request(inputs=[clone_of("In", CONNECTED)])
    assert found["sourceTypeOverride"] == "GITHUB"
    auth = {"type": "CODECONNECTIONS", "resource": CONNECTED.connection_arn}
    assert found["sourceAuthOverride"] == auth


def test_zips_and_full_clones_may_be_inputs_of_one_build():
    inputs = [reference("Zip", version_id="v1"), clone_of("The-Clone", CONNECTED)]
    found = request({"PrimarySource": "Zip"}, inputs=inputs)
    assert found["sourceTypeOverride"] == "S3"
    assert "gitCloneDepthOverride" not in found
    assert found["secondarySourcesOverride"] == [
        {
            "type": "GITHUB",
            "location": CONNECTED.location,
            "gitCloneDepth": 0,
            "auth": {"type": "CODECONNECTIONS", "resource": CONNECTED.connection_arn},
            "sourceIdentifier": "The_Clone",
        }
    ]
    assert found["secondarySourcesVersionOverride"] == [
        {"sourceIdentifier": "The_Clone", "sourceVersion": "c" * 40}
    ]
