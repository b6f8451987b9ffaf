"""Which sources are polled, and which of them are one."""

from __future__ import annotations

import pytest

from airflow_codepipeline.definition.extension import ActionExtension, PipelineExtension
from airflow_codepipeline.definition.model import Action, ActionTypeId, Pipeline, Stage
from airflow_codepipeline.errors import ActionError, TransientError
from airflow_codepipeline.execution.polling import Look
from airflow_codepipeline.serving import polled_sources as module
from airflow_codepipeline.serving.polled_sources import polled_sources, source_key

TYPES = {
    "S3": ("AWS", {"S3Bucket": "b", "S3ObjectKey": "k"}),
    "CodeCommit": ("AWS", {"RepositoryName": "r", "BranchName": "main"}),
    "GitHub": ("ThirdParty", {"Owner": "o", "Repo": "r", "Branch": "main", "OAuthToken": "t"}),
    "Git": ("Custom", {"RepositoryUrl": "https://git.example.com/r", "BranchName": "main"}),
    "ECR": ("AWS", {"RepositoryName": "r"}),
    "CodeStarSourceConnection": (
        "AWS",
        {"ConnectionArn": "arn:x", "FullRepositoryId": "o/r", "BranchName": "main"},
    ),
}


def pipeline(
    name="web", provider="S3", *, role=None, region="eu-west-1", conn=None, git_conn_id=None, **more
):
    owner, configuration = TYPES[provider]
    action = Action(
        name="Take",
        action_type_id=ActionTypeId(category="Source", owner=owner, provider=provider),
        configuration=configuration | more,
        airflow=ActionExtension(git_conn_id=git_conn_id),
    )
    return Pipeline(
        name=name,
        stages=(Stage(name="Source", actions=(action,)),),
        role_arn=role,
        airflow=PipelineExtension(region=region, aws_conn_id=conn),
    )


def role(name, account="123456789012"):
    return f"arn:aws:iam::{account}:role/{name}"


def sources(*pipelines):
    return list(polled_sources(pipelines).values())


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("S3", "s3://b/k"),
        ("CodeCommit", "codecommit::eu-west-1://r main"),
        ("GitHub", "github:o/r main"),
        ("Git", "https://git.example.com/r main"),
    ],
)
def test_a_source_is_polled_unless_it_says_otherwise(provider, name):
    [source] = sources(pipeline(provider=provider))
    [same] = sources(pipeline(provider=provider, PollForSourceChanges="true"))

    assert source.name == same.name == name
    assert source.actions == {"web": ["Take"]}
    assert sources(pipeline(provider=provider, PollForSourceChanges="false")) == []


@pytest.mark.parametrize("provider", ["ECR", "CodeStarSourceConnection"])
def test_what_codepipeline_does_not_poll_is_not_polled(provider):
    assert sources(pipeline(provider=provider)) == []


def test_pipelines_share_a_source_though_each_has_a_role_of_its_own():
    [source] = sources(*(pipeline(f"p{number}", role=role(f"r{number}")) for number in range(1000)))

    assert len(source.actions) == 1000


@pytest.mark.parametrize(
    "other",
    [
        {"S3ObjectKey": "other"},
        {"S3Bucket": "other"},
        {"role": role("r", "210987654321")},
        {"region": "us-east-1"},
        {"conn": "another_aws"},
        {"provider": "CodeCommit"},
    ],
)
def test_another_object_account_region_or_connection_is_another_source(other):
    assert len(sources(pipeline("one", role=role("r")), pipeline("two", **{"role": role("r")} | other))) == 2


def test_a_git_server_is_the_same_for_every_region_and_role():
    one = pipeline("one", "Git", role=role("r"))
    two = pipeline("two", "Git", role=role("s", "210987654321"), region="us-east-1")

    assert len(sources(one, two)) == 1
    assert len(sources(one, pipeline("two", "Git", git_conn_id="hoster"))) == 2


def test_the_key_of_an_action_is_that_of_its_source_on_any_machine():
    made = pipeline(role=role("r"))
    [source] = sources(made)

    assert source_key(made, made.stages[0].actions[0]) == source.key == "3e30b7a9eae4c117"


def test_a_configuration_that_cannot_work_is_a_problem_of_that_pipeline_alone():
    broken, good = sources(pipeline("broken", S3Bucket=""), pipeline("good"))

    look = broken.look()
    assert (look.problem, broken.name) == ("ConfigurationError", "broken/Take")
    assert "S3Bucket" in look.message
    assert good.problem is None


class Answers:
    """A provider that answers each role as a test says."""

    def __init__(self, **by_role) -> None:
        self.by_role, self.asked = by_role, []

    def current(self, aws) -> str:
        name = aws.context.identity.roles[-1].rpartition("/")[2]
        self.asked.append(name)
        if isinstance(self.by_role[name], Exception):
            raise self.by_role[name]
        return self.by_role[name]


@pytest.fixture
def ask(monkeypatch):
    """Look at a source of three pipelines, each with a role of its own."""

    def look(provider):
        [source] = sources(*(pipeline(name, role=role(name)) for name in ("a", "b", "c")))
        monkeypatch.setattr(module, "polled_provider", lambda _action: provider)
        return source.look()

    return look


def test_one_role_is_asked_for_all(ask):
    provider = Answers(a="v1")

    assert ask(provider) == Look(revision="v1")
    assert provider.asked == ["a"]


def test_where_a_role_may_not_read_the_source_the_next_one_is_asked(ask):
    provider = Answers(a=ActionError("403", "no"), b="v1")

    assert ask(provider) == Look(revision="v1")
    assert provider.asked == ["a", "b"]


def test_where_no_role_may_read_it_that_is_the_problem(ask):
    refused = ActionError("403", "no")

    assert ask(Answers(a=refused, b=refused, c=refused)) == Look(problem="403", message="no")


def test_what_nobody_has_thought_of_is_a_problem_of_that_source_alone(ask):
    look = ask(Answers(a=KeyError("aws_conn"), b=KeyError("aws_conn"), c=KeyError("aws_conn")))

    assert (look.problem, look.message) == ("KeyError", "'aws_conn'")


def test_what_does_not_answer_for_now_is_no_problem_yet(ask):
    with pytest.raises(TransientError):
        ask(Answers(a=TransientError("SlowDown", "later")))
