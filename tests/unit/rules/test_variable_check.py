"""The comparisons of a VariableCheck, and Java's regular expressions by Python's."""

from __future__ import annotations

import pytest

from airflow_codepipeline.errors import ActionError
from airflow_codepipeline.rules.java_regex import RegexError, matches_whole
from airflow_codepipeline.rules.variable_check import VariableCheck
from fixtures.attempts import attempt


def check(scripted, operator, variable, value):
    configuration = {"Operator": operator, "Variable": variable, "Value": value}
    rule, aws = VariableCheck(on_failure=False), scripted(attempt("Test", "VariableCheck", configuration))
    job = rule.start(aws)
    return rule.outputs(aws, job).summary


@pytest.mark.parametrize(
    ("operator", "variable", "value"),
    [
        ("EQ", "main", "main"),
        ("EQ", "", ""),
        ("NE", "main", "Main"),
        ("CONTAINS", "Fix: update the docs", "update"),
        ("MATCHES", "release/1.4", r"release/\d+\.\d+"),
    ],
)
def test_a_comparison_that_holds_says_what_was_compared(scripted, operator, variable, value):
    assert repr(variable) in check(scripted, operator, variable, value)


@pytest.mark.parametrize(
    ("operator", "variable", "value", "said"),
    [
        ("EQ", "main", "MAIN", "'main', which is not equal to 'MAIN'"),
        ("NE", "main", "main", "not different from 'main'"),
        ("CONTAINS", "main", "dev", "not a text with 'dev'"),
        ("MATCHES", "release/1.4-beta", r"release/\d+\.\d+", "not matched by"),
    ],
)
def test_a_comparison_that_does_not_hold_fails_with_both_values(scripted, operator, variable, value, said):
    with pytest.raises(ActionError, match="JobFailed") as error:
        check(scripted, operator, variable, value)
    assert said in error.value.message


@pytest.mark.parametrize(
    ("operator", "value", "said"),
    [
        ("GE", "1", "must be one of EQ, NE, CONTAINS, MATCHES"),
        ("MATCHES", "(", "no regular expression"),
        ("MATCHES", r"\p{Greek}", "is not supported here"),
    ],
)
def test_what_cannot_be_compared_is_a_configuration_error(scripted, operator, value, said):
    with pytest.raises(ActionError, match=f"ConfigurationError.*{said}"):
        check(scripted, operator, "x", value)


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("main|dev", "develop", False),
        (r"(?<name>a)\k<name>", "aa", True),
        (r"(?<!a)b", "b", True),
        (r"\Qa.b\E+", "a.bb", True),
        (r"\Qa.b", "a.b", True),
        (r"\Qa.b", "axb", False),
        (r"\p{Alpha}+[\p{Digit}_]*", "abc_12", True),
        (r"\p{Punct}+", "[]\\-^", True),
        (r"\h+", "\t\u2003", True),
        (r"\d+", "\u0663", False),
        (r"\w+", "é", False),
        (r"(?i)É", "é", False),
        (r"\x{41}b\z", "Ab", True),
        (r"a++b", "aab", True),
        (r"a&&b", "a&&b", True),
        (r"\\Q", "\\Q", True),
        (r"[\[\]]", "]", True),
    ],
)
def test_a_java_pattern_matches_what_it_matches_in_java(pattern, text, matches):
    assert matches_whole(pattern, text) is matches


@pytest.mark.parametrize("pattern", ["[a-z&&[^b]]", "[a-z&&b]", r"\R", r"\X", r"\P{Lower}", "[a[b]]"])
def test_what_python_has_not_is_refused_and_not_misread(pattern):
    with pytest.raises(RegexError, match="not supported here"):
        matches_whole(pattern, "b")
