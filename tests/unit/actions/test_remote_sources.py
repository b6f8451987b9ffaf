"""GitHub by an access token, and plain git: where they read, and with which credentials."""

from __future__ import annotations

import json

import pytest

from airflow_codepipeline.actions.git_source import GitSource
from airflow_codepipeline.actions.github_source import GitHubSource
from airflow_codepipeline.errors import ActionError
from fixtures.attempts import attempt

GITHUB = {"Owner": "acme", "Repo": "app", "Branch": "main", "OAuthToken": "secret-42"}
URL = "https://git.example.com/team/app.git"


def github(git_conn_id=None, **configuration):
    found = GITHUB | configuration
    return attempt("Source", "GitHub", found, owner="ThirdParty", outputs=["Out"], git_conn_id=git_conn_id)


def git(git_conn_id=None, **configuration):
    found = {"RepositoryUrl": URL, "BranchName": "main"} | configuration
    return attempt("Source", "Git", found, owner="Custom", outputs=["Out"], git_conn_id=git_conn_id)


@pytest.fixture
def connection(monkeypatch):
    """Tell Airflow of a connection `hoster`."""

    def tell(**described):
        monkeypatch.setenv("AIRFLOW_CONN_HOSTER", json.dumps({"conn_type": "http"} | described))

    return tell


def test_github_is_read_with_the_token(scripted):
    origin = GitHubSource().origin(scripted(github()))
    assert origin.remote.url == "https://github.com/acme/app.git"
    assert origin.remote.login == ("x-access-token", "secret-42")
    assert origin.page("c") == "https://github.com/acme/app/commit/c"
    assert "secret-42" not in repr(origin)


def test_an_airflow_connection_takes_the_place_of_the_token(scripted, connection):
    connection(host="https://github.example.com/", password="secret-43")
    origin = GitHubSource().origin(scripted(github("hoster", OAuthToken="****")))
    assert origin.remote.url == "https://github.example.com/acme/app.git"
    assert origin.remote.login == ("x-access-token", "secret-43")


@pytest.mark.parametrize(
    ("configuration", "reason"),
    [
        ({"OAuthToken": "****"}, "OAuthToken is masked"),
        ({"OAuthToken": ""}, "the configuration needs OAuthToken"),
        ({"Owner": "acme/.."}, "Owner is 'acme/..'"),
        ({"Repo": "--upload-pack=x"}, None),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(scripted, configuration, reason):
    aws = scripted(github(**configuration))
    with pytest.raises(ActionError, match=reason or "Repo is '--upload-pack=x'"):
        GitHubSource().origin(aws)


def test_a_public_repository_is_read_without_credentials(scripted):
    assert GitSource().origin(scripted(git())).remote.login is None


@pytest.mark.parametrize(
    "described",
    [
        {"host": "https://git.example.com", "login": "me", "password": "p"},
        {"host": "git.example.com", "schema": "https", "login": "me", "password": "p"},
        {"login": "me", "password": "p"},
    ],
)
def test_a_repository_is_read_with_its_airflow_connection(scripted, connection, described):
    connection(**described)
    remote = GitSource().origin(scripted(git("hoster"))).remote
    assert (remote.url, remote.login) == (URL, ("me", "p"))


def test_a_password_goes_to_no_other_server_than_its_connections(scripted, connection):
    connection(host="https://git.example.com", password="secret-42")
    aws = scripted(git("hoster", RepositoryUrl="https://elsewhere.example.com/app.git"))
    with pytest.raises(ActionError, match=r"is for https://git.example.com, not for") as raised:
        GitSource().origin(aws)
    assert "secret-42" not in str(raised.value)


def test_a_password_is_not_sent_in_the_clear(scripted, connection):
    connection(password="secret-42")
    with pytest.raises(ActionError, match="must be https"):
        GitSource().origin(scripted(git("hoster", RepositoryUrl="http://git.example.com/app.git")))


def test_a_connection_that_airflow_does_not_know_is_named(scripted):
    with pytest.raises(ActionError, match=r"Airflow has no connection nowhere \(git_conn_id\)"):
        GitSource().origin(scripted(git("nowhere")))
