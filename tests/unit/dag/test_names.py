from __future__ import annotations

import re
import uuid

import pytest
from airflow.sdk.definitions._internal.node import validate_group_key, validate_key
from hypothesis import given
from hypothesis import strategies as st

from airflow_codepipeline.dag import names

NAME = st.from_regex(r"[A-Za-z0-9.@\-_]{1,100}", fullmatch=True) | st.lists(
    st.sampled_from(["_x", "_x40_", "_x5f_", "@", ".", "enter", "_", "x", "exit", "onFailure", "_x65_nter"]),
    min_size=1,
    max_size=8,
).map("".join)


@given(NAME)
def test_a_name_survives_the_way_to_an_id_and_back(name):
    assert names.unescape(names.dag_id(name)) == name
    assert names.unescape(names.group_id(name)) == name
    assert names.unescape(names.action_label(name)) == name


@given(NAME, NAME)
def test_a_tasks_id_names_its_stage_and_its_action(stage, action):
    assert names.parse_task_id(names.task_id(stage, action)) == (stage, action)


@given(NAME, NAME, NAME, NAME)
def test_two_actions_never_have_the_same_task(stage, action, other_stage, other_action):
    same = (stage, action) == (other_stage, other_action)

    assert (names.task_id(stage, action) == names.task_id(other_stage, other_action)) == same


@given(NAME, NAME)
def test_no_action_has_a_task_of_the_stages_own(stage, action):
    own = {f"{names.group_id(stage)}.{label}" for label in names.OWN_TASKS}

    assert names.task_id(stage, action) not in own


@given(st.from_regex(r"[A-Za-z0-9.@\-_]{1,40}", fullmatch=True))
def test_airflow_takes_the_ids(name):
    validate_key(names.dag_id(name))
    validate_group_key(names.group_id(name))
    validate_key(names.action_label(name))


@pytest.mark.parametrize("label", sorted(names.OWN_TASKS))
def test_an_action_may_be_called_like_a_task_of_the_stage(label):
    assert names.task_id("Build", label) != f"Build.{label}"
    assert names.parse_task_id(names.task_id("Build", label)) == ("Build", label)


def test_a_plain_name_is_kept():
    assert names.dag_id("storefront") == "storefront"
    assert names.task_id("Build", "Package.linux") == "Build.Package.linux"


@pytest.mark.parametrize(("name", "identifier"), [("a@b", "a_x40_b"), ("a_x40_b", "a_x5f_x40_b")])
def test_what_looks_like_an_escape_is_not_taken_for_one(name, identifier):
    assert names.dag_id(name) == identifier


def test_an_execution_started_with_a_uuid_keeps_it():
    run_id = "3f2b8c1e-0000-4000-8000-000000000001"

    assert names.execution_id("shop", run_id) == run_id


def test_another_run_has_an_execution_id_of_its_own_that_stays():
    first = names.execution_id("shop", "scheduled__2026-01-01")

    assert uuid.UUID(first)
    assert names.execution_id("shop", "scheduled__2026-01-01") == first
    assert names.execution_id("shop", "scheduled__2026-01-02") != first
    assert names.execution_id("other", "scheduled__2026-01-01") != first


def test_every_attempt_has_an_id_of_its_own_that_stays():
    def attempt(**changed):
        place = {"dag": "shop", "run_id": "r", "task": "Build.Build", "generation": 0, "attempt": 1}
        return names.attempt_id(**(place | changed))

    ids = {
        attempt(),
        attempt(attempt=2),
        attempt(generation=1),
        attempt(task="Build.Test"),
        attempt(run_id="s"),
        attempt(dag="other"),
    }
    assert len(ids) == 6
    assert attempt() == attempt()
    assert all(re.fullmatch(r"[0-9a-f-]{36}", each) for each in ids)
