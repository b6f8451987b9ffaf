from __future__ import annotations

import pytest

from airflow_codepipeline.definition.suggest import did_you_mean, listing, nearest

KNOWN = ("runOrder", "roleArn", "region", "configuration")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("runorder", "runOrder"),
        ("RunOrder", "runOrder"),
        ("roleArm", "roleArn"),
        ("zzz", None),
        ("x" * 9999, None),
    ],
)
def test_the_nearest_word_is_found_whatever_its_case(word, expected):
    assert nearest(word, KNOWN) == expected


def test_without_a_near_word_the_known_are_listed():
    assert did_you_mean("zzz", ("b", "a")) == "Known: a, b."
    assert did_you_mean("zzz", ()) == ""


def test_a_long_list_is_cut():
    assert listing("abcdefgh", limit=3) == "a, b, c and 5 more"
