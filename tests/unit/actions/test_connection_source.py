from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_codepipeline.actions.connection import read_connection
from airflow_codepipeline.actions.connection_source import ConnectionSource
from airflow_codepipeline.actions.git_commit import Commit
from airflow_codepipeline.errors import ActionError
from fixtures.attempts import attempt

ARN = "arn:aws:codeconnections:eu-west-1:111122223333:connection/1a2b-3c"
HOST = "arn:aws:codeconnections:eu-west-1:111122223333:host/ours/4d"
CONFIGURATION = {"ConnectionArn": ARN, "FullRepositoryId": "acme/app", "BranchName": "main"}


def source(*, clone=False, **configuration):
    wanted = {"OutputArtifactFormat": "CODEBUILD_CLONE_REF"} if clone else {}
    found = CONFIGURATION | wanted | configuration
    return attempt("Source", "CodeStarSourceConnection", found, outputs=["Out"])


def script(aws, provider, **more):
    described = {"ConnectionName": "ours", "ConnectionArn": ARN, "ProviderType": provider} | more
    described.setdefault("ConnectionStatus", "AVAILABLE")
    aws.script("codeconnections").add_response(
        "get_connection", {"Connection": described}, {"ConnectionArn": ARN}
    )


@pytest.mark.parametrize(
    ("provider", "repository", "url"),
    [
        ("GitHub", "acme/app", "https://github.com/acme/app.git"),
        ("GitLab", "acme/team/app", "https://gitlab.com/acme/team/app.git"),
        ("Bitbucket", "acme/app", "https://bitbucket.org/acme/app.git"),
        ("AzureDevOps", "acme/the shop/app", "https://dev.azure.com/acme/the%20shop/_git/app"),
    ],
)
def test_aws_shows_the_repository_behind_a_connection_to_git(scripted, provider, repository, url):
    aws = scripted(source(FullRepositoryId=repository))
    script(aws, provider)
    connection = read_connection(aws)
    path = repository.replace(" ", "%20")
    assert connection.proxy_url == (
        f"https://codeconnections.eu-west-1.amazonaws.com/git-http/111122223333/eu-west-1/1a2b-3c/{path}.git"
    )
    assert connection.url == url


def test_a_provider_of_ones_own_is_at_the_host_of_the_connection(scripted):
    aws = scripted(source())
    script(aws, "GitHubEnterpriseServer", HostArn=HOST)
    answer = {"ProviderEndpoint": "https://github.example.com/"}
    aws.script("codeconnections").add_response("get_host", answer, {"HostArn": HOST})
    assert read_connection(aws).url == "https://github.example.com/acme/app.git"


@pytest.mark.parametrize(
    ("configuration", "reason"),
    [
        ({"ConnectionArn": "arn:aws:s3:::bucket"}, "must be the ARN of a connection"),
        ({"FullRepositoryId": "app"}, "must be owner/repository"),
        ({"FullRepositoryId": "../../app"}, "must be owner/repository"),
        ({"FullRepositoryId": "acme/app?x=y"}, "must be owner/repository"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused_before_anything_is_asked(
    scripted, configuration, reason
):
    with pytest.raises(ActionError, match=reason):
        read_connection(scripted(source(**configuration)))


@pytest.mark.parametrize("status", ["PENDING", "ERROR"])
def test_a_connection_that_cannot_be_used_is_refused(scripted, status):
    aws = scripted(source())
    script(aws, "GitHub", ConnectionStatus=status)
    with pytest.raises(ActionError, match=f"the connection ours is {status}"):
        read_connection(aws)


def test_codebuild_cannot_clone_from_azure_devops(scripted, monkeypatch):
    aws = scripted(source(clone=True))
    script(aws, "AzureDevOps")
    monkeypatch.setattr(aws, "git_login", lambda url: ("u", "p"), raising=False)
    with pytest.raises(
        ActionError, match=r"cannot clone from AzureDevOps. Take OutputArtifactFormat CODE_ZIP"
    ):
        ConnectionSource().origin(aws)


def test_a_full_clone_names_the_provider_and_the_connection(scripted, monkeypatch):
    aws = scripted(source(clone=True))
    script(aws, "Bitbucket")
    monkeypatch.setattr(aws, "git_login", lambda url: ("u", "p"), raising=False)
    clone = ConnectionSource().origin(aws).clone
    assert (clone.source_type, clone.location) == ("BITBUCKET", "https://bitbucket.org/acme/app.git")
    assert clone.connection_arn == ARN


@pytest.mark.parametrize(
    ("address", "author_id"),
    [("583231+ada@users.noreply.github.com", "583231"), ("ada@example.com", "ada@example.com")],
)
def test_the_author_is_known_by_the_number_in_a_hidden_address_else_by_the_address(address, author_id):
    now = datetime.now(UTC)
    commit = Commit(
        id="a" * 40, author_name="Ada", author_email=address, author_date=now, committer_date=now, message="m"
    )
    assert ConnectionSource().variables(commit, "")["AuthorId"] == author_id
