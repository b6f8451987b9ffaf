"""A CodeBuild action against an AWS that answers over HTTP and really runs what it is asked to."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from airflow_codepipeline.actions.codebuild_search import earlier_build
from airflow_codepipeline.actions.registry import open_session, provider_for
from airflow_codepipeline.errors import ActionError
from fixtures.world import carry_out, wait

pytestmark = pytest.mark.slow


class TestCodeBuild:
    BUILDSPEC = """
version: 0.2
env: {exported-variables: [TAG]}
phases: {build: {commands: ['export TAG=v-$X', 'cp in.txt out.txt', 'exit ${CODE:-0}']}}
artifacts: {files: [out.txt]}
"""
    TWO = """
version: 0.2
phases: {build: {commands: ['cp $CODEBUILD_SRC_DIR_the_other/o.txt b.txt']}}
artifacts: {secondary-artifacts: {A: {files: [in.txt]}, the-b: {files: [b.txt]}}}
"""

    @pytest.fixture
    def project(self, world) -> str:
        name = f"project-{uuid.uuid4().hex[:8]}"
        world.client("codebuild").create_project(
            name=name,
            source={"type": "CODEPIPELINE"},
            artifacts={"type": "CODEPIPELINE"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole="arn:aws:iam::000000000000:role/build",
        )
        return name

    def build(
        self, world, project, *, kind="Build", inputs=None, outputs=("Out",), variables=(), **configuration
    ):
        entries = [{"name": name, "value": value} for name, value in dict(variables).items()]
        configuration |= {"ProjectName": project, "EnvironmentVariables": json.dumps(entries)}
        inputs = inputs or [world.artifact(**{"in.txt": "hello", "buildspec.yml": self.BUILDSPEC})]
        return world.attempt(f"{kind}/CodeBuild", configuration, inputs=inputs, outputs=outputs)

    def test_a_project_of_codepipeline_builds_from_the_input_into_the_planned_output(self, world, project):
        context = self.build(world, project, variables={"X": "7"})
        outputs = carry_out(context)
        assert outputs.variables == {"TAG": "v-7"}
        assert open_session(context).read_file(outputs.artifacts[0], "out.txt") == b"hello"

    def test_several_inputs_and_outputs_go_by_their_names(self, world, project):
        inputs = [
            world.artifact(**{"in.txt": "hello", "two.yml": self.TWO}),
            world.artifact("the-other", **{"o.txt": "other"}),
        ]
        context = self.build(
            world,
            project,
            kind="Test",
            inputs=inputs,
            outputs=("A", "the-b"),
            PrimarySource="In",
            BuildspecOverride="two.yml",
        )
        one, other = carry_out(context).artifacts
        aws = open_session(context)
        assert (aws.read_file(one, "in.txt"), aws.read_file(other, "b.txt")) == (b"hello", b"other")

    def test_a_command_that_fails_fails_the_action_with_its_phase_and_log(self, world, project):
        with pytest.raises(
            ActionError, match=r"FAILED. Phase BUILD: COMMAND_EXECUTION_ERROR .*status 3.*Log: http"
        ):
            carry_out(self.build(world, project, variables={"X": "7", "CODE": "3"}))

    def test_a_repeated_start_finds_the_same_build(self, world, project):
        context = self.build(world, project, variables={"X": "7"})
        aws, provider = open_session(context), provider_for(context.action.action_type_id)
        assert provider.start(aws) == provider.start(aws)

    def test_a_build_whose_token_may_be_forgotten_is_found_by_its_attempt(self, world, project):
        context = self.build(world, project, variables={"X": "7"})
        aws, provider = open_session(context), provider_for(context.action.action_type_id)
        job, _ = provider.start(aws), carry_out(self.build(world, project, variables={"X": "8"}))
        later = msgspec.structs.replace(context, begun=datetime.now(UTC) - timedelta(minutes=5))

        found = earlier_build(later, aws.client("codebuild"), project)

        assert found is not None
        assert found["id"] == job.external_execution_id

    def test_a_build_is_stopped(self, world, project):
        sleeper = "version: 0.2\nphases: {build: {commands: [sleep 300]}}"
        context = self.build(world, project, outputs=(), BuildspecOverride=sleeper)
        aws, provider = open_session(context), provider_for(context.action.action_type_id)
        job = provider.start(aws)
        provider.stop(aws, job)
        with pytest.raises(ActionError, match="terminated with state STOPPED"):
            wait(aws, provider, job)
        provider.stop(aws, job)
