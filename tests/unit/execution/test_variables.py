"""How large variables may be, and what they may be called."""

from __future__ import annotations

import pytest

from airflow_codepipeline.errors import ActionError, VariableError
from airflow_codepipeline.execution.variables import (
    CONFIGURATION_BYTES,
    OUTPUT_BYTES,
    check_output_variables,
    check_resolved,
)


def test_output_variables_may_have_so_many_bytes_names_included():
    check_output_variables({"a": "x" * (OUTPUT_BYTES - 1)})
    for too_large in ({"a": "x" * OUTPUT_BYTES}, {"a": "ä" * (OUTPUT_BYTES // 2), "b": "x"}):
        with pytest.raises(ActionError, match="122880") as caught:
            check_output_variables(too_large)
        assert caught.value.code == "OutputVariablesSizeExceededException"


@pytest.mark.parametrize("key", ["a.b", "", "a b", "ä", "a\n", "a}"])
def test_a_variable_that_could_not_be_referred_to_is_refused_by_name(key):
    with pytest.raises(ActionError, match="letters, digits"):
        check_output_variables({"fine": "x", key: "x"})


def test_every_character_of_a_key_that_codepipeline_takes_is_taken():
    check_output_variables({"Az09@-_": ""})


def test_a_resolved_configuration_may_have_100_kilobytes():
    check_resolved([("key", "x" * (CONFIGURATION_BYTES - 3))])
    with pytest.raises(VariableError, match="102401 bytes"):
        check_resolved([("key", "x" * (CONFIGURATION_BYTES - 3)), ("", "x")])
