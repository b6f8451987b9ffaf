from __future__ import annotations

import pytest

from airflow_codepipeline.actions.git_remote import Remote, check_branch, check_commit, check_secrecy
from airflow_codepipeline.errors import ActionError


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% /tmp/x",
        "file:///etc",
        "/srv/repository.git",
        "--upload-pack=touch /tmp/x",
        "ssh://git@example.com/app.git",
        "git@example.com:app.git",
        "git://example.com/app.git",
        "https://",
        "https://example.com/app.git\n--upload-pack=x",
        "https://example.com/app.git?token=x",
        "https://example.com/app.git#x",
        "https://[example.com/app.git",
        "",
    ],
)
def test_what_is_no_address_of_a_server_is_refused(url):
    with pytest.raises(ActionError, match="ConfigurationError"):
        Remote(url=url)


def test_credentials_in_an_address_are_refused_and_not_repeated():
    with pytest.raises(ActionError, match="git_conn_id") as raised:
        Remote(url="https://me:secret-42@example.com/app.git")
    assert "secret-42" not in str(raised.value)


def test_a_login_is_a_header_for_its_server_alone():
    remote = Remote(url="https://example.com:8443/team/app.git", login=("me", "secret-42"))
    assert remote.settings == {
        "http.https://example.com:8443/.extraHeader": "Authorization: Basic bWU6c2VjcmV0LTQy"
    }
    assert "secret-42" not in repr(remote)
    assert Remote(url="https://example.com/app.git").settings == {}


@pytest.mark.parametrize("url", ["https://example.com/a", "http://127.0.0.1:4566/a", "http://[::1]/a"])
def test_a_password_is_sent_by_https_or_to_this_machine(url):
    check_secrecy(url)


def test_a_password_is_not_sent_in_the_clear():
    with pytest.raises(ActionError, match="it must be https"):
        check_secrecy("http://git.example.com/app.git")


@pytest.mark.parametrize("name", ["main", "feature/x", "release-1.2", "ü", "a@b", "lock"])
def test_names_that_git_allows_are_branches(name):
    assert check_branch(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "-x", "--upload-pack=x", "a..b", "a b", "a\nb", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b",
     "a/", "/a", ".a", "a/.b", "a.", "a.lock", "a.lock/b", "a//b", "a@{1}", "a\x7f"],
)  # fmt: skip
def test_names_that_git_does_not_allow_are_refused(name):
    with pytest.raises(ActionError, match="is no name of a branch"):
        check_branch(name)


def test_a_commit_is_its_full_id():
    assert check_commit("A" * 40) == "a" * 40
    for wrong in ("abc1234", "a" * 41, "-" * 40, "HEAD", "a" * 40 + "\n"):
        with pytest.raises(ActionError, match="40 hexadecimal digits"):
            check_commit(wrong)
