"""What each provider's messages say, and who vouches for them."""

from __future__ import annotations

import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from airflow_codepipeline.changes.git_change import GitChange, MalformedPayloadError, Message
from airflow_codepipeline.changes.git_message import BITBUCKET, GENERIC, GITHUB, GITLAB, json_of, sender_of
from unit.changes.payloads import (
    NEW,
    NONE,
    OLD,
    TAGGED,
    bitbucket_change,
    bitbucket_pull_request,
    bitbucket_push,
    github_pull_request,
    github_push,
    gitlab_merge_request,
    gitlab_push,
)

SECRET = "it is a secret"
PUSH = {
    "repository": "https://git.example.com/shop.git",
    "ref": "refs/heads/main",
    "commit": NEW,
    "before": OLD,
}


def read(payload: Any, **headers: str) -> Message:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return sender_of(named).read(named, json.dumps(payload).encode())


def change(payload: Any, **headers: str) -> GitChange:
    [found] = read(payload, **headers).changes
    return found


def github(payload: Any, event: str = "push") -> GitChange:
    return change(payload, x_github_event=event)


def gitlab(payload: Any, event: str = "Push Hook", uuid: str = "u-1") -> GitChange:
    return change(payload, x_gitlab_event=event, x_gitlab_event_uuid=uuid)


def bitbucket(payload: Any, event: str = "repo:push") -> GitChange:
    return change(payload, x_event_key=event)


def test_github_tells_of_a_push():
    pushed = github(github_push())

    assert (pushed.repository, pushed.branch, pushed.tag) == ("acme/shop", "main", None)
    assert (pushed.commit, pushed.before, pushed.author, pushed.message) == (NEW, OLD, "ada", "Finish")
    assert pushed.files == ("src/new.py", "README.md", "old.py")
    assert pushed.urls == ("https://github.com/acme/shop.git", "https://github.com/acme/shop")
    assert pushed.variables == {"BranchName": "main"}
    assert str(pushed) == "push to branch main of acme/shop by ada"


@pytest.mark.parametrize(
    "pushed", [github(github_push()), gitlab(gitlab_push()), bitbucket(bitbucket_push())], ids=lambda _: ""
)
def test_every_provider_says_who_wrote_what_and_when_by_the_names_of_awss_events(pushed):
    assert pushed.details | {"commit-message": pushed.details["commit-message"].strip()} == {
        "author-date": "2026-03-01T12:01:00Z",
        "author-display-name": "Ada",
        "author-email": "ada@example.com",
        "author-id": "ada",
        "branch-name": "main",
        "commit-message": "Finish",
        "full-repository-name": "acme/shop",
    }


def test_what_is_not_known_of_a_change_is_left_out():
    tagged = github(github_push(ref="refs/tags/v1", head_commit=None, after=NEW))

    assert tagged.details == {
        "author-display-name": "ada",
        "author-id": "ada",
        "full-repository-name": "acme/shop",
        "tag-name": "v1",
    }


def test_github_tells_of_an_annotated_tag_the_commit_that_it_is_of():
    pushed = github(github_push(ref="refs/tags/v1", before=NONE, after=TAGGED, created=True))

    assert (pushed.tag, pushed.branch, pushed.commit, pushed.before) == ("v1", None, NEW, None)
    assert pushed.variables == {"TagName": "v1"}


def test_github_leaves_commits_out_of_a_large_push():
    many = github_push()["commits"][:1] * 2048

    assert github(github_push(commits=many)).files is None
    assert github(github_push(commits=many[:-1])).files == ("src/new.py", "README.md")


@pytest.mark.parametrize(
    ("action", "event"), [("opened", "OPEN"), ("synchronize", "UPDATED"), ("closed", "CLOSED")]
)
def test_github_tells_of_a_pull_request(action, event):
    request = github(github_pull_request(action), "pull_request")

    assert request.pull_request is not None
    assert (request.pull_request.event, request.pull_request.number) == (event, 7)
    assert (request.commit, request.branch, request.files) == (NEW, "fix", None)
    assert request.pull_request.from_fork is False
    assert request.variables == {
        "BranchName": "fix",
        "SourceBranchName": "fix",
        "DestinationBranchName": "main",
        "PullRequestId": "7",
        "PullRequestTitle": "Fix it",
    }


@pytest.mark.parametrize("fork", [None, {"full_name": "mallory/shop"}])
def test_github_tells_where_a_pull_request_comes_from(fork):
    payload = github_pull_request()
    payload["pull_request"]["head"]["repo"] = fork

    request = github(payload, "pull_request").pull_request
    assert request is not None
    assert request.from_fork is True


@pytest.mark.parametrize(
    ("payload", "event", "why"),
    [
        ({"zen": "Speak like a human."}, "ping", "ping"),
        ({"action": "created"}, "star", "star"),
        (github_push(after=NONE, deleted=True, head_commit=None, commits=[]), "push", "deleted"),
        (github_pull_request("labeled"), "pull_request", "labeled"),
        (github_pull_request("reopened"), "pull_request", "reopened"),
    ],
)
def test_what_of_github_starts_nothing_says_why(payload, event, why):
    message = read(payload, x_github_event=event)

    assert message.changes == ()
    assert why in message.ignored


def test_gitlab_tells_of_a_push():
    pushed = gitlab(gitlab_push())

    assert (pushed.repository, pushed.branch, pushed.commit, pushed.before) == ("acme/shop", "main", NEW, OLD)
    assert (pushed.files, pushed.author) == (("src/new.py", "README.md"), "ada")
    assert "https://gitlab.com/acme/shop.git" in pushed.urls


def test_gitlab_leaves_commits_out_of_a_push_of_more_than_twenty():
    assert gitlab(gitlab_push(total_commits_count=21)).files is None
    many = gitlab_push()["commits"][0] | {"added": [f"f{number}" for number in range(100)]}
    assert len(gitlab(gitlab_push(total_commits_count=21, commits=[many])).files or ()) == 100


def test_gitlab_tells_of_a_tag_the_commit_that_it_is_of():
    payload = gitlab_push(ref="refs/tags/v1", before=NONE, after=TAGGED, commits=[], total_commits_count=0)
    pushed = gitlab(payload, "Tag Push Hook")

    assert (pushed.tag, pushed.commit, pushed.before) == ("v1", NEW, None)


@pytest.mark.parametrize(
    ("action", "more", "event"),
    [
        ("open", {}, "OPEN"),
        ("update", {"oldrev": OLD}, "UPDATED"),
        ("merge", {}, "CLOSED"),
        ("close", {}, "CLOSED"),
    ],
)
def test_gitlab_tells_of_a_merge_request(action, more, event):
    request = gitlab(gitlab_merge_request(action, **more), "Merge Request Hook")

    assert request.pull_request is not None
    assert (request.pull_request.event, request.pull_request.number) == (event, 7)
    assert (request.commit, request.pull_request.destination_branch) == (NEW, "main")
    assert request.pull_request.from_fork is False


def test_gitlab_tells_where_a_merge_request_comes_from():
    request = gitlab(gitlab_merge_request(source_project_id=16), "Merge Request Hook").pull_request

    assert request is not None
    assert request.from_fork is True


@pytest.mark.parametrize(
    ("payload", "event", "why"),
    [
        (gitlab_merge_request("update"), "Merge Request Hook", "without new commits"),
        (gitlab_merge_request("approved"), "Merge Request Hook", "approved"),
        (gitlab_merge_request("reopen"), "Merge Request Hook", "reopen"),
        (gitlab_push(after=NONE, checkout_sha=None), "Push Hook", "deleted"),
        ({}, "Pipeline Hook", "Pipeline Hook"),
    ],
)
def test_what_of_gitlab_starts_nothing_says_why(payload, event, why):
    message = read(payload, x_gitlab_event=event)

    assert message.changes == ()
    assert why in message.ignored


def test_bitbucket_tells_of_a_push_without_its_files():
    pushed = bitbucket(bitbucket_push())

    assert (pushed.repository, pushed.branch, pushed.commit, pushed.before) == ("acme/shop", "main", NEW, OLD)
    assert (pushed.files, pushed.author) == (None, "ada")


def test_bitbucket_tells_of_all_that_one_push_changed():
    payload = bitbucket_push(
        bitbucket_change("main"),
        bitbucket_change("v1", "tag", old=False),
        bitbucket_change("gone", new=False),
    )
    branch, tag = read(payload, x_event_key="repo:push").changes

    assert (branch.branch, tag.tag, tag.before) == ("main", "v1", None)
    assert branch.identity != tag.identity


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("pullrequest:created", "OPEN"),
        ("pullrequest:updated", "UPDATED"),
        ("pullrequest:fulfilled", "CLOSED"),
    ],
)
def test_bitbucket_tells_of_a_pull_request_with_an_abbreviated_commit(event, kind):
    request = bitbucket(bitbucket_pull_request(), event)

    assert request.pull_request is not None
    assert (request.pull_request.event, request.is_abbreviated) == (kind, True)
    assert request.commit == NEW[:12]


@pytest.mark.parametrize("source", [None, "mallory/shop"])
def test_bitbucket_tells_where_a_pull_request_comes_from(source):
    request = bitbucket(bitbucket_pull_request(source), "pullrequest:created").pull_request

    assert request is not None
    assert request.from_fork is True


@pytest.mark.parametrize(
    ("payload", "event", "why"),
    [
        (bitbucket_push(bitbucket_change(new=False)), "repo:push", "deleted"),
        (bitbucket_pull_request(), "pullrequest:rejected", "rejected"),
        ({}, "issue:created", "issue:created"),
    ],
)
def test_what_of_bitbucket_starts_nothing_says_why(payload, event, why):
    message = read(payload, x_event_key=event)

    assert message.changes == ()
    assert why in message.ignored


def test_any_git_server_may_tell_of_a_push():
    pushed = change(PUSH | {"files": ["a"], "author": "ada"})

    assert (pushed.urls, pushed.repository) == (("https://git.example.com/shop.git",), "")
    assert (pushed.branch, pushed.commit, pushed.before, pushed.files) == ("main", NEW, OLD, ("a",))
    assert change(PUSH | {"repository": "acme/shop"}).repository == "acme/shop"
    assert change(PUSH).files is None
    assert "deleted" in read(PUSH | {"commit": NONE}).ignored


@pytest.mark.parametrize(
    ("payload", "headers", "said"),
    [
        ([], {"x_github_event": "push"}, "object"),
        ({"ref": 7}, {"x_github_event": "push"}, "ref"),
        (gitlab_push(project={}), {"x_gitlab_event": "Push Hook"}, "path_with_namespace"),
        ({"push": {}}, {"x_event_key": "repo:push"}, "changes"),
        (PUSH | {"branch": "main"}, {}, "branch"),
        (PUSH | {"ref": "main"}, {}, "refs/heads/"),
        (PUSH | {"commit": NEW[:12]}, {}, "the whole id of a commit"),
        (PUSH | {"commit": "main"}, {}, "the whole id of a commit"),
    ],
)
def test_a_payload_that_is_none_says_what_is_wrong(payload, headers, said):
    with pytest.raises(MalformedPayloadError) as caught:
        read(payload, **headers)

    assert said in str(caught.value)


def test_the_same_change_has_the_same_identity_and_another_has_not():
    assert github(github_push()).identity == github(github_push(sender={"login": "bob"})).identity
    later = github_push()["repository"] | {"pushed_at": 1772366461}
    others = [
        github(github_push()),
        github(github_push(repository=later)),
        github(github_push(before=NEW)),
        github(github_push(ref="refs/heads/dev")),
        github(github_push(ref="refs/tags/main")),
        github(github_pull_request(), "pull_request"),
        github(github_pull_request("closed"), "pull_request"),
        gitlab(gitlab_push()),
        gitlab(gitlab_push(), uuid="u-2"),
    ]
    assert len({one.identity for one in others}) == len(others)


def test_bitbucket_calls_a_pull_request_updated_where_only_its_text_was():
    opened, edited, merged = (
        bitbucket(bitbucket_pull_request(), f"pullrequest:{event}")
        for event in ("created", "updated", "fulfilled")
    )

    assert opened.identity == edited.identity != merged.identity


def signature(body: bytes, secret: str = SECRET, algorithm: str = "sha256") -> str:
    return f"{algorithm}={hmac.new(secret.encode(), body, algorithm).hexdigest()}"


BODY = b'{"ref": "refs/heads/main"}'
VOUCHED = [
    (GITHUB, {"x-hub-signature-256": signature(BODY)}, True),
    (GITHUB, {"x-hub-signature-256": signature(BODY).upper().replace("SHA256", "sha256")}, True),
    (GITHUB, {"x-hub-signature-256": signature(BODY, "another")}, False),
    (GITHUB, {"x-hub-signature-256": signature(BODY + b" ")}, False),
    (GITHUB, {"x-hub-signature-256": signature(BODY).removeprefix("sha256=")}, False),
    (GITHUB, {"x-hub-signature-256": "sha256="}, False),
    (GITHUB, {"x-hub-signature-256": "md5=" + "0" * 32}, False),
    (GITHUB, {"x-hub-signature-256": "sha256=\xe4"}, False),
    (GITHUB, {"x-hub-signature": signature(BODY, algorithm="sha1")}, False),
    (GITHUB, {}, False),
    (GITHUB, {"x-gitlab-token": SECRET}, False),
    (GITLAB, {"x-gitlab-token": SECRET}, True),
    (GITLAB, {"x-gitlab-token": SECRET + " "}, False),
    (GITLAB, {"x-gitlab-token": "\xe4"}, False),
    (GITLAB, {}, False),
    (BITBUCKET, {"x-hub-signature": signature(BODY)}, True),
    (BITBUCKET, {"x-hub-signature": signature(BODY, "another")}, False),
    (BITBUCKET, {"x-hub-signature": signature(BODY, algorithm="sha1")}, False),
    (GENERIC, {"x-hub-signature-256": signature(BODY)}, True),
    (GENERIC, {}, False),
]


@pytest.mark.parametrize(("sender", "headers", "vouched"), VOUCHED)
def test_who_knows_the_secret_is_believed(sender, headers, vouched):
    assert sender.vouches(headers, BODY, SECRET) is vouched


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        ("x-github-event", GITHUB),
        ("x-gitlab-event", GITLAB),
        ("x-event-key", BITBUCKET),
        ("content-type", GENERIC),
    ],
)
def test_a_sender_is_told_by_its_header(header, sender):
    assert sender_of({header: "x"}) is sender


def test_a_payload_may_come_as_the_field_of_a_form():
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert json_of(form, urlencode({"payload": BODY.decode()}).encode()) == BODY
    assert json_of({"content-type": "application/json"}, BODY) == BODY
    with pytest.raises(MalformedPayloadError):
        json_of(form, BODY)
