from __future__ import annotations

import pytest

from airflow_codepipeline.definition.findings import Finding, Kind, path_text, shown
from airflow_codepipeline.errors import DefinitionError

KIND = Kind(id="CP999", severity="error", what="It is wrong.", right="It is right.")


def test_a_finding_reads_as_place_severity_id_path_message_and_suggestion():
    path = ("stages", 1, "actions", 0, "configuration", "Extract")
    problem = KIND.problem("'maybe' is not allowed.", path, suggestion="Known: false, true.")

    assert str(problem.finding(file="a.yaml", position=(3, 7))) == (
        "a.yaml:3:7: error CP999 at stages[1].actions[0].configuration.Extract: 'maybe' is not allowed. "
        "Known: false, true."
    )


def test_a_finding_without_a_place_names_the_file():
    finding = KIND.problem("It is empty.").finding(file="a.yaml", position=None)

    assert str(finding) == "a.yaml: error CP999: It is empty."


def test_a_key_with_other_characters_is_quoted_in_a_path():
    assert path_text(("configuration", "a b\n", "c")) == "configuration['a b\\n'].c"


@pytest.mark.parametrize(("value", "expected"), [("a", "'a'"), (1, "'1'"), ("a\n\x1b", "'a\\n\\x1b'")])
def test_a_shown_value_is_quoted_and_printable(value, expected):
    assert shown(value) == expected


def test_a_long_value_is_cut():
    assert len(shown("x" * 1000)) < 70


def test_an_error_carries_and_prints_all_its_findings():
    findings = [Finding(id=f"CP00{n}", severity="error", message="No.", file="a") for n in (1, 2)]

    error = DefinitionError(findings)

    assert error.findings == tuple(findings)
    assert str(error) == "a: error CP001: No.\na: error CP002: No."
