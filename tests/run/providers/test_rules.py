"""Every rule against an AWS that answers over HTTP and really runs what it is asked to."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import timedelta

import msgspec
import pytest

from airflow_codepipeline.actions import lambda_invoke
from airflow_codepipeline.actions.base import JobStatus
from airflow_codepipeline.actions.commands_build import project_name
from airflow_codepipeline.actions.registry import open_session
from airflow_codepipeline.errors import ActionError
from airflow_codepipeline.rules.registry import rule_provider
from fixtures.world import ROLE, wait

pytestmark = pytest.mark.slow


class Rules:
    """Evaluates rules in a world."""

    def __init__(self, world) -> None:
        self.world = world

    def context(self, provider, configuration=None, *, commands=(), pipeline="pipeline", **more):
        context = self.world.attempt(f"Test/{provider}", configuration or {}, **more)
        action = msgspec.structs.replace(context.action, commands=tuple(commands))
        return msgspec.structs.replace(context, action=action, pipeline=pipeline, subject="Rule")

    def start(self, context, *, on_failure=False):
        aws = open_session(context)
        provider = rule_provider(context.action.action_type_id.provider, on_failure=on_failure)
        return aws, provider, provider.start(aws)

    def evaluate(self, context, *, on_failure=False):
        """The rule's summary, when it succeeded."""
        aws, provider, job = self.start(context, on_failure=on_failure)
        wait(aws, provider, job)
        return provider.outputs(aws, job).summary


@pytest.fixture
def rules(world) -> Rules:
    iam = world.client("iam")
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="pipeline", AssumeRolePolicyDocument='{"Statement": []}')
    return Rules(world)


class TestCommands:
    @pytest.fixture
    def pipeline(self) -> str:
        return f"shop.{uuid.uuid4().hex[:8]}"

    def test_commands_run_in_the_input_and_share_a_shell(self, rules, world, pipeline):
        inputs = [world.artifact(**{"in.txt": "hello"}), world.artifact("the-other", **{"o.txt": "x"})]
        commands = [
            "export SAID=$(cat in.txt)",
            "test $SAID = hello",
            "cat $CODEBUILD_SRC_DIR_the_other/o.txt",
        ]
        context = rules.context(
            "Commands", commands=commands, inputs=inputs, roles=(ROLE,), pipeline=pipeline
        )
        assert rules.evaluate(context).startswith(f"Build {project_name(pipeline)}:")

    def test_commands_need_no_input(self, rules, pipeline):
        context = rules.context("Commands", commands=["true"], roles=(ROLE,), pipeline=pipeline)
        assert rules.evaluate(context)

    def test_a_command_that_fails_fails_the_rule_and_those_after_it_do_not_run(self, rules, world, pipeline):
        commands = ["exit 4", "aws s3 mb s3://never"]
        context = rules.context("Commands", commands=commands, roles=(ROLE,), pipeline=pipeline)
        with pytest.raises(ActionError, match=r"Phase BUILD: COMMAND_EXECUTION_ERROR .*status 4"):
            rules.evaluate(context)

    def test_the_project_is_made_once_and_serves_every_build(self, rules, world, pipeline):
        for _ in range(2):
            rules.evaluate(rules.context("Commands", commands=["true"], roles=(ROLE,), pipeline=pipeline))
        codebuild = world.client("codebuild")
        [project] = codebuild.batch_get_projects(names=[project_name(pipeline)])["projects"]
        assert project["environment"]["image"] == "aws/codebuild/amazonlinux2-x86_64-standard:5.0"
        assert len(codebuild.list_builds_for_project(projectName=project["name"])["ids"]) == 2

    def test_a_repeated_start_finds_the_same_build(self, rules, pipeline):
        context = rules.context("Commands", commands=["true"], roles=(ROLE,), pipeline=pipeline)
        aws, provider, job = rules.start(context)
        assert provider.start(aws) == job

    def test_commands_are_stopped(self, rules, pipeline):
        context = rules.context("Commands", commands=["sleep 300"], roles=(ROLE,), pipeline=pipeline)
        aws, provider, job = rules.start(context)
        provider.stop(aws, job)
        with pytest.raises(ActionError, match="terminated with state STOPPED"):
            wait(aws, provider, job)

    def test_without_a_role_nothing_runs(self, rules, pipeline):
        context = rules.context("Commands", commands=["true"], pipeline=pipeline)
        with pytest.raises(ActionError, match=r"Rule A of stage S: commands run as a role"):
            rules.evaluate(context)


class TestCodeBuild:
    def test_a_build_of_a_project_decides(self, rules, world):
        name = f"project-{uuid.uuid4().hex[:8]}"
        world.client("codebuild").create_project(
            name=name,
            source={
                "type": "NO_SOURCE",
                "buildspec": "version: 0.2\nphases: {build: {commands: [exit $CODE]}}",
            },
            artifacts={"type": "NO_ARTIFACTS"},
            environment={"type": "LINUX_CONTAINER", "image": "any", "computeType": "BUILD_GENERAL1_SMALL"},
            serviceRole=ROLE,
        )
        variables = '[{{"name": "CODE", "value": "{}"}}]'
        good, bad = (
            rules.context("CodeBuild", {"ProjectName": name, "EnvironmentVariables": variables.format(code)})
            for code in (0, 3)
        )
        assert rules.evaluate(good).startswith(f"Build {name}:")
        with pytest.raises(ActionError, match="terminated with state FAILED"):
            rules.evaluate(bad)


class TestLambda:
    CODE = """
import boto3

def handler(event, context):
    job = event["CodePipeline.job"]
    wish = job["data"]["actionConfiguration"]["configuration"]["UserParameters"]
    codepipeline = boto3.client("codepipeline")
    if wish == "succeed":
        codepipeline.put_job_success_result(jobId=job["id"], executionDetails={"summary": "fine"})
    else:
        details = {"type": "JobFailed", "message": "no good"}
        codepipeline.put_job_failure_result(jobId=job["id"], failureDetails=details)
"""

    @pytest.fixture
    def asking(self, rules, world):
        name = world.function(self.CODE)
        return lambda wish: rules.context("LambdaInvoke", {"FunctionName": name, "UserParameters": wish})

    def test_the_function_decides(self, rules, asking):
        assert rules.evaluate(asking("succeed")) == "fine"
        with pytest.raises(ActionError, match="JobFailed: no good"):
            rules.evaluate(asking("fail"))

    def test_on_failure_the_functions_failure_is_what_counts(self, rules, asking):
        assert rules.evaluate(asking("fail"), on_failure=True) == "The function failed: no good"
        with pytest.raises(ActionError, match="The function succeeded"):
            rules.evaluate(asking("succeed"), on_failure=True)

    def test_silence_is_a_failure(self, rules, asking, world, monkeypatch):
        monkeypatch.setattr(lambda_invoke, "_invoke", lambda *_: None)
        monkeypatch.setattr(lambda_invoke, "SILENCE", timedelta(seconds=-1))
        with pytest.raises(ActionError, match="did not answer job"):
            rules.evaluate(asking("succeed"))
        assert rules.evaluate(asking("succeed"), on_failure=True) == "It did not answer."


class TestCloudWatchAlarm:
    @pytest.fixture
    def alarm(self, world) -> str:
        name = f"errors-{uuid.uuid4().hex[:8]}"
        world.client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            MetricName="Errors",
            Namespace="Shop",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
        )
        return name

    def set_state(self, world, alarm, state):
        world.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue=state, StateReason="by hand")

    def test_the_state_of_the_alarm_decides(self, rules, world, alarm):
        self.set_state(world, alarm, "OK")
        assert "OK" in rules.evaluate(rules.context("CloudWatchAlarm", {"AlarmName": alarm}))
        self.set_state(world, alarm, "ALARM")
        with pytest.raises(ActionError, match=f"The alarm {alarm} is in state ALARM"):
            rules.evaluate(rules.context("CloudWatchAlarm", {"AlarmName": alarm}))

    def test_an_alarm_may_become_quiet_within_the_wait_time(self, rules, world, alarm):
        self.set_state(world, alarm, "ALARM")
        context = rules.context("CloudWatchAlarm", {"AlarmName": alarm, "WaitTime": "5"})
        aws, provider, job = rules.start(context)
        assert provider.poll(aws, job) is JobStatus.RUNNING
        self.set_state(world, alarm, "OK")
        assert provider.poll(aws, job) is JobStatus.SUCCEEDED

    def test_an_alarm_that_does_not_exist_fails_the_rule(self, rules):
        with pytest.raises(ActionError, match="no alarm 'nothing' in us-east-1"):
            rules.evaluate(rules.context("CloudWatchAlarm", {"AlarmName": "nothing"}))


class TestWithoutAws:
    def test_a_variable_is_checked(self, rules):
        configuration = {"Variable": "main", "Operator": "EQ", "Value": "main"}
        assert rules.evaluate(rules.context("VariableCheck", configuration)) == "'main' is equal to 'main'."

    def test_a_window_that_is_always_open_is_open(self, rules):
        assert rules.evaluate(rules.context("DeploymentWindow", {"Cron": "* * * * * ?", "TimeZone": "CET"}))
