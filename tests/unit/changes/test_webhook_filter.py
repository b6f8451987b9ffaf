"""Filters of webhooks, on a payload of GitHub's."""

from __future__ import annotations

import pytest

from airflow_codepipeline.changes.webhook_filter import FilterError, WebhookFilter, first_refusal
from unit.changes.payloads import NEW, github_push

CONFIGURATION = {"Owner": "acme", "Repo": "shop", "Branch": "main"}


def rule(json_path: str, match_equals: str | None = None) -> WebhookFilter:
    return WebhookFilter(json_path=json_path, match_equals=match_equals)


PASSING = [
    ("$.ref", "refs/heads/{Branch}"),
    ("$.ref", "refs/heads/main"),
    ("$['ref']", "refs/heads/{Branch}"),
    ("ref", "refs/heads/{Branch}"),
    ("$.repository.full_name", "{Owner}/{Repo}"),
    ("$.repository.full_name", None),
    ("$.repository['full_name']", "acme/shop"),
    ("$.head_commit.id", NEW),
    ("$.commits[0].message", "Begin"),
    ("$.commits[-1].message", "Finish"),
    ("$.commits[*].message", "Begin"),
    ("$.commits[*].message", "Finish"),
    ("$.commits[0:1].message", "Begin"),
    ("$.commits[0,1].message", "Finish"),
    ("$..message", "Finish"),
    ("$.commits[?(@.message == 'Finish')].id", NEW),
    ("$.commits[?(@.message == 'Finish')]", None),
    ("$.commits[?(@.removed)]", None),
    ("$.commits[?(@.message == 'Finish' && @.removed)].id", NEW),
    ("$.commits[?(@.message == 'No' || @.message == 'Finish')].id", NEW),
    ("$.commits[?(@.message == $.head_commit.message)].id", NEW),
    ("$.repository.*", "acme/shop"),
    ("$.repository.private", "true"),
    ("$.deleted", "false"),
    ("$.base_ref", "null"),
    ("$.base_ref", None),
    ("$.repository.pushed_at", "1772366460"),
    ("$.commits[0].removed", "[]"),
]
REFUSED = [
    ("$.ref", "refs/heads/dev", "The payload does not have 'refs/heads/dev' at $.ref."),
    ("$.ref", "main", "'main' at $.ref"),
    ("$.ref", "refs/heads/{Branch}2", "'refs/heads/main2' at $.ref"),
    ("$.action", None, "The payload has nothing at $.action."),
    ("$.action", "opened", "'opened' at $.action"),
    ("$.commits[7].message", None, "nothing"),
    ("$.commits[?(@.message == 'No')]", None, "nothing"),
    ("$.ref.name", "main", "'main'"),
    ("$.ref", "refs/heads/{Nothing}", "names no key of the target action's configuration"),
]


@pytest.mark.parametrize(("path", "wanted"), PASSING)
def test_a_payload_passes(path, wanted):
    one = rule(path, wanted)
    one.check(CONFIGURATION)

    assert first_refusal([one], github_push(), CONFIGURATION) is None


@pytest.mark.parametrize(("path", "wanted", "why"), REFUSED)
def test_a_payload_does_not_pass_and_why(path, wanted, why):
    refusal = first_refusal([rule(path, wanted)], github_push(), CONFIGURATION)

    assert refusal is not None
    assert why in refusal


def test_all_filters_must_pass():
    passing, refused = rule("$.ref", "refs/heads/main"), rule("$.ref", "no")

    assert first_refusal([], github_push(), CONFIGURATION) is None
    assert first_refusal([passing, passing], github_push(), CONFIGURATION) is None
    assert first_refusal([passing, refused], github_push(), CONFIGURATION) is not None


@pytest.mark.parametrize("payload", [None, 7, "text", [], [{"ref": "refs/heads/main"}]])
def test_a_payload_that_is_no_object_has_nothing(payload):
    assert first_refusal([rule("$.ref")], payload, CONFIGURATION) is not None


@pytest.mark.parametrize(
    "path",
    [
        "$.",
        "$.a..",
        "{$.ref}",
        "$.commits.length()",
        "$.commits.`len`",
        "$.ref.`sub(/a/,b)`",
        "$.ref.`sub(/a/, b)`",
        "$.`parent`",
        "$.commits.`sorted`",
        "$.commits[/message]",
        "$.commits[?(@.tags.`len` > 1)]",
        "$.a + 1",
        "$.a & $.b",
        "$.a | $.b",
        "$.a where b",
        "$.a[?(@.b =~ /c/)]",
        "$.a[?(@.b =~ '(c+)+')]",
        "$.a[?(@.b == 1 || @.c =~ 'd')]",
        "$[",
        " ",
    ],
)
def test_a_path_that_is_none_is_refused_beforehand(path):
    with pytest.raises(FilterError) as caught:
        rule(path).check(CONFIGURATION)

    assert "is no JsonPath that is understood here" in str(caught.value)


def test_a_placeholder_that_names_no_key_is_refused_beforehand():
    with pytest.raises(FilterError) as caught:
        rule("$.ref", "refs/heads/{BranchName}").check(CONFIGURATION)

    assert "Its keys: Owner, Repo, Branch." in str(caught.value)
