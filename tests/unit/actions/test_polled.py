"""What is current at a source, asked with one call."""

from __future__ import annotations

import pytest

from airflow_codepipeline.actions import commit_source
from airflow_codepipeline.actions.polled import polled_provider
from airflow_codepipeline.definition.change_detection import is_polled
from airflow_codepipeline.errors import ActionError
from fixtures.attempts import attempt

COMMIT = "a" * 40


def current(aws):
    return polled_provider(aws.context.action).current(aws)


@pytest.fixture
def s3(scripted):
    return scripted(attempt("Source", "S3", {"S3Bucket": "b", "S3ObjectKey": "k"}))


def test_of_an_object_the_version_is_asked_for_and_nothing_else(s3):
    s3.script("s3").add_response("head_object", {"VersionId": "v1", "ETag": "e"}, {"Bucket": "b", "Key": "k"})

    assert current(s3) == "v1"


def test_an_object_that_is_not_there_is_no_revision(s3):
    s3.script("s3").add_client_error("head_object", "404", "Not Found", 404)

    with pytest.raises(ActionError, match="There is no s3://b/k") as caught:
        current(s3)
    assert caught.value.code == "RevisionUnavailable"


def test_of_codecommit_the_branch_is_asked_for_and_nothing_else(scripted):
    aws = scripted(attempt("Source", "CodeCommit", {"RepositoryName": "r", "BranchName": "main"}))
    answer = {"branch": {"branchName": "main", "commitId": COMMIT}}
    aws.script("codecommit").add_response("get_branch", answer, {"repositoryName": "r", "branchName": "main"})

    assert current(aws) == COMMIT


@pytest.mark.parametrize(
    ("provider", "owner", "configuration"),
    [
        ("Git", "Custom", {"RepositoryUrl": "https://git.example.com/r", "BranchName": "main"}),
        (
            "GitHub",
            "ThirdParty",
            {"Owner": "o", "Repo": "r", "Branch": "main", "OAuthToken": "t"},
        ),
    ],
)
def test_of_git_the_branch_is_asked_for_and_nothing_is_fetched(
    scripted, monkeypatch, provider, owner, configuration
):
    asked = []

    class Git:
        def __init__(self, url):
            self.url = url

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def head(self, branch):
            asked.append((self.url, branch))
            return COMMIT

    monkeypatch.setattr(commit_source, "open_repository", lambda remote: Git(remote.url))
    aws = scripted(attempt("Source", provider, configuration, owner=owner))

    assert current(aws) == COMMIT
    url = "https://git.example.com/r" if provider == "Git" else "https://github.com/o/r.git"
    assert asked == [(url, "main")]


@pytest.mark.parametrize(
    ("value", "expected"), [(None, True), ("true", True), ("", True), ("false", False), (" False ", False)]
)
def test_a_source_is_polled_unless_it_says_false(value, expected):
    configuration = {} if value is None else {"PollForSourceChanges": value}

    assert is_polled(attempt("Source", "S3", configuration).action) is expected


def test_another_kind_of_action_is_never_polled():
    assert not is_polled(attempt("Deploy", "S3", {}).action)
