"""What the Variable of a pipeline's transitions says."""

from __future__ import annotations

import msgspec
import pytest

from airflow_codepipeline.execution.transition import read_transition, variable_key


def test_a_transition_that_nobody_changed_is_enabled():
    assert read_transition(None, "Deploy").enabled
    assert read_transition('{"Build": {"enabled": false}}', "Deploy").enabled


def test_a_disabled_transition_keeps_who_when_and_why():
    text = (
        '{"Deploy": {"enabled": false, "lastChangedBy": "ada", "lastChangedAt": "2026-11-23T12:00:00Z", '
        '"disabledReason": "release freeze"}}'
    )
    state = read_transition(text, "Deploy")
    assert (state.enabled, state.last_changed_by, state.disabled_reason) == (False, "ada", "release freeze")


def test_a_variable_that_says_something_else_is_an_error_and_not_an_open_door():
    with pytest.raises(msgspec.ValidationError):
        read_transition('{"Deploy": "closed"}', "Deploy")


def test_every_pipeline_has_a_variable_of_its_own():
    assert variable_key("shop") == "codepipeline.transitions.shop"
