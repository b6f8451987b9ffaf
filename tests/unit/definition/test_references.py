from __future__ import annotations

import pytest

from airflow_codepipeline.definition.references import find_references, malformed, resolve
from airflow_codepipeline.errors import VariableError


def test_references_are_found_with_their_places():
    found = find_references("a #{Code.CommitId}-#{variables.My@Name} b")

    assert [(str(reference), reference.start) for reference in found] == [
        ("#{Code.CommitId}", 2),
        ("#{variables.My@Name}", 19),
    ]


@pytest.mark.parametrize("text", ["plain", "${a.b}", "#{a}", "#{a.b.c}", "#{ a.b }", "# {a.b}", "#{a.b"])
def test_what_is_no_reference_stays_as_it_is(text):
    assert find_references(text) == ()
    assert resolve(text, lambda namespace, key: "value") == text


def test_what_only_starts_as_a_reference_is_malformed():
    assert malformed("#{a} #{a.b} #{open") == ("#{a}", "#{open")


def test_references_are_replaced_once():
    values = {("a", "x"): "#{b.y}", ("b", "y"): "never"}

    assert resolve("<#{a.x}|#{a.x}>", lambda *key: values.get(key)) == "<#{b.y}|#{b.y}>"


def test_an_empty_value_is_a_value():
    assert resolve("<#{a.x}>", lambda namespace, key: "") == "<>"


def test_a_reference_without_a_value_is_named():
    with pytest.raises(VariableError, match=r"#\{Code\.CommitID\}"):
        resolve("#{Code.CommitID}", lambda namespace, key: None)
