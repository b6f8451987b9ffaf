from __future__ import annotations

import msgspec
import pytest

from airflow_codepipeline.actions.settings import (
    boolean,
    json_value,
    one_of,
    optional,
    required,
    the_input,
    the_output,
    the_store,
)
from airflow_codepipeline.errors import ActionError
from fixtures.attempts import attempt, reference


def context(**configuration: str):
    return attempt("Build", "CodeBuild", configuration, inputs=[reference("One"), reference("Two")])


def test_a_missing_value_is_refused_with_action_stage_and_key():
    with pytest.raises(ActionError) as failure:
        required(context(), "ProjectName")
    assert str(failure.value) == (
        "ConfigurationError: Action TheAction of stage TheStage: the configuration needs ProjectName."
    )


def test_an_empty_value_counts_as_missing():
    assert optional(context(Key=""), "Key") is None
    with pytest.raises(ActionError):
        required(context(Key=""), "Key")


@pytest.mark.parametrize(("text", "value"), [("true", True), ("TRUE", True), ("False", False), ("", False)])
def test_booleans_are_read_in_any_case(text, value):
    assert boolean(context(Key=text), "Key") is value


def test_a_boolean_of_another_kind_is_refused():
    with pytest.raises(ActionError, match=r"Key is 'yes'\. It must be true or false"):
        boolean(context(Key="yes"), "Key")


def test_a_choice_is_refused_with_the_choices():
    with pytest.raises(ActionError, match=r"Mode is 'x'\. It must be one of a, b"):
        one_of(context(Mode="x"), "Mode", ("a", "b"))


def test_json_of_another_shape_is_refused():
    with pytest.raises(ActionError, match="Key cannot be read as JSON of the right shape"):
        json_value(context(), "Key", "[]", dict[str, str])


def test_the_input_is_the_first_or_the_named_one():
    assert the_input(context()).name == "One"
    assert the_input(context(), "Two").name == "Two"
    with pytest.raises(ActionError, match=r"no input artifact Three\. Its inputs: One, Two"):
        the_input(context(), "Three")


def test_an_output_and_a_store_that_are_not_there_are_refused():
    with pytest.raises(ActionError, match="needs one output artifact"):
        the_output(context())
    with pytest.raises(ActionError, match="no artifact store in eu-west-1"):
        the_store(msgspec.structs.replace(context(), store=None))
