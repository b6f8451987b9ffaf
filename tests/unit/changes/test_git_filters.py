"""Which changes start which pipelines: the rules of triggers, a line each."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from airflow_codepipeline.changes.git_change import GitChange, PullRequest
from airflow_codepipeline.changes.git_filters import judge
from airflow_codepipeline.definition.model import Pipeline

COMMIT, BEFORE = "a" * 40, "b" * 40
ANY = {"includes": ["**"]}


def pipeline(git: dict[str, Any] | None, **configuration: str) -> Pipeline:
    source = {
        "name": "Code",
        "actionTypeId": {"category": "Source", "provider": "CodeStarSourceConnection"},
        "configuration": {"FullRepositoryId": "acme/shop", "BranchName": "main"} | configuration,
    }
    triggers = [] if git is None else [{"gitConfiguration": {"sourceActionName": "Code"} | git}]
    declaration = {
        "name": "shop",
        "stages": [{"name": "Source", "actions": [source]}, {"name": "Deploy", "actions": []}],
        "triggers": triggers,
    }
    return msgspec.convert(declaration, Pipeline)


def pushed(branch: str = "main", **more: Any) -> GitChange:
    given = {"ref": f"refs/heads/{branch}", "before": BEFORE, "files": ()} | more
    return GitChange(repository="acme/shop", commit=COMMIT, **given)


def tagged(tag: str, **more: Any) -> GitChange:
    return pushed(ref=f"refs/tags/{tag}", before=None, **more)


def requested(event: str = "OPEN", into: str = "main", *, fork: bool = False, **more: Any) -> GitChange:
    request = PullRequest(
        number=7, title="Fix", event=event, source_branch="fix", destination_branch=into, from_fork=fork
    )  # type: ignore[arg-type]
    return pushed("fix", pull_request=request, files=more.get("files"))


def starts(git: dict[str, Any] | None, change: GitChange, **configuration: str) -> bool | None:
    wanted = pipeline(git, **configuration)
    return judge(wanted, wanted.stages[0].actions[0], change).starts


def push(*filters: dict[str, Any]) -> dict[str, Any]:
    return {"push": list(filters)}


def branches(*includes: str, excludes: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"branches": {"includes": list(includes), "excludes": list(excludes)}}


def paths(*includes: str, excludes: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"filePaths": {"includes": list(includes), "excludes": list(excludes)}}


def tags(*includes: str, excludes: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"tags": {"includes": list(includes), "excludes": list(excludes)}}


def pull(*filters: dict[str, Any]) -> dict[str, Any]:
    return {"pullRequest": list(filters)}


CASES = {
    "without a filter a push to the action's branch": (None, pushed(), True),
    "without a filter no push to another branch": (None, pushed("dev"), False),
    "without a filter no tag, not even of the branch's name": (None, tagged("main"), False),
    "without a filter no pull request": (None, requested(), False),
    "without a filter a new branch, if it is the action's": (None, pushed(before=None), True),
    "a trigger without filters is none": ({}, pushed(), True),
    "filters supersede the action's branch": (push(branches("dev")), pushed(), False),
    "a branch that is included": (push(branches("dev")), pushed("dev"), True),
    "a branch by a glob": (push(branches("feature/*")), pushed("feature/x"), True),
    "a branch that no pattern includes": (push(branches("feature/*", "dev")), pushed("fix/x"), False),
    "patterns of a list are alternatives": (push(branches("feature/*", "dev")), pushed("dev"), True),
    "an exclude beats an include": (push(branches("**", excludes=("dev",))), pushed("dev"), False),
    "what is not excluded is included": (push(branches("**", excludes=("dev",))), pushed("x"), True),
    "without an include everything that is not excluded": (
        push(branches(excludes=("dev",))),
        pushed("x"),
        True,
    ),
    "without an include nothing that is excluded": (push(branches(excludes=("dev",))), pushed("dev"), False),
    "filters are alternatives": (push(branches("dev"), branches("main")), pushed(), True),
    "a filter of branches wants no tag": (push(branches("**")), tagged("v1"), False),
    "a filter of tags wants no branch": (push(tags("**")), pushed(), False),
    "a tag": (push(tags("v*")), tagged("v1.2"), True),
    "a tag that is not included": (push(tags("v*")), tagged("w1"), False),
    "a tag that is excluded": (push(tags("v*", excludes=("*-rc*",))), tagged("v1-rc1"), False),
    "tags and branches at once is what no push is": (push(tags("**") | branches("**")), pushed(), False),
    "a filter of nothing wants any push of a branch": (push({}), pushed("x"), True),
    "a filter of nothing wants any push of a tag": (push({}), tagged("x"), True),
    "a push filter wants no pull request": (push(branches("**")), requested(), False),
    "a changed file": (push(branches("main") | paths("src/**")), pushed(files=("a", "src/b")), True),
    "no changed file": (push(branches("main") | paths("src/**")), pushed(files=("a", "b")), False),
    "nothing was changed": (push(branches("main") | paths("**")), pushed(files=()), False),
    "a changed file on another branch": (
        push(branches("main") | paths("**")),
        pushed("x", files=("a",)),
        False,
    ),
    "each file is judged alone": (
        push(paths("src/**", excludes=("src/doc/**",))),
        pushed(files=("src/doc/a", "src/b")),
        True,
    ),
    "all files are excluded": (
        push(paths("**", excludes=("**.md",))),
        pushed(files=("a.md", "b/c.md")),
        False,
    ),
    "only the first hundred files count": (
        push(paths("z")),
        pushed(files=(*(f"f{number}" for number in range(100)), "z")),
        False,
    ),
    "the hundredth file counts": (
        push(paths("z")),
        pushed(files=(*(f"f{number}" for number in range(99)), "z")),
        True,
    ),
    "file paths never want the first push of a branch": (
        push(branches("new") | paths("**")),
        pushed("new", before=None, files=("a",)),
        False,
    ),
    "not even where its files are not known": (push(paths("**")), pushed(before=None, files=None), False),
    "a tag with file paths is always new": (
        push(tags("**") | paths("**")),
        tagged("v1", files=("a",)),
        False,
    ),
    "files that are not known decide": (push(branches("main") | paths("a")), pushed(files=None), None),
    "files that are not known do not decide": (push(branches("dev") | paths("a")), pushed(files=None), False),
    "another filter has decided already": (push(paths("a"), branches("main")), pushed(files=None), True),
    "a pull request": (pull(branches("main")), requested(), True),
    "a pull request into another branch": (pull(branches("main")), requested(into="dev"), False),
    "a pull request's own branch is not looked at": (pull(branches("fix")), requested(), False),
    "its event": (pull({"events": ["UPDATED", "CLOSED"]}), requested("CLOSED"), True),
    "another event": (pull({"events": ["UPDATED"]}), requested("OPEN"), False),
    "without events all of them": (pull(branches("main")), requested("CLOSED"), True),
    "events and branches": (pull({"events": ["OPEN"]} | branches("dev")), requested("OPEN"), False),
    "its files": (pull(branches("main") | paths("a")), requested(files=("a",)), True),
    "its files are not known": (pull(branches("main") | paths("a")), requested(), None),
    "a pull request filter wants no push": (pull(branches("main")), pushed(), False),
    "pushes and pull requests are alternatives": (
        push(branches("x")) | pull(branches("main")),
        requested(),
        True,
    ),
    "a pull request from a fork": (pull(branches("main")), requested(fork=True), False),
}


@pytest.mark.parametrize(("git", "change", "expected"), CASES.values(), ids=CASES.keys())
def test_a_change_starts_what_wants_it(git, change, expected):
    assert starts(git, change) is expected


@pytest.mark.parametrize("value", ["false", "False", " FALSE "])
def test_without_detection_and_filters_nothing_starts(value):
    assert starts(None, pushed(), DetectChanges=value) is False
    assert starts({}, pushed(), DetectChanges=value) is False


def test_with_filters_detection_is_off_as_it_is_on_aws():
    assert starts(push(branches("main")), pushed(), DetectChanges="false") is True


def test_a_filter_of_another_action_counts_for_that_one_only():
    wanted = pipeline({"push": [branches("dev")], "sourceActionName": "Other"})

    assert judge(wanted, wanted.stages[0].actions[0], pushed()).starts is True


def test_a_refusal_says_why():
    wanted = pipeline(None)
    action = wanted.stages[0].actions[0]
    assert judge(wanted, action, pushed("dev")).reason == "Without a filter Code takes pushes to main only."
    assert "fork" in judge(wanted, action, requested(fork=True)).reason
    wanted = pipeline(push(tags("v*")))
    assert judge(wanted, action, tagged("w")).reason == "No filter of its triggers wants this push of a tag."
    wanted = pipeline(push(branches("[")))
    assert "malformed" in judge(wanted, action, pushed()).reason
