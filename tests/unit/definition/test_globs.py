"""Globs of triggers: each case was asked of Java's own PathMatcher, which they follow."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_codepipeline.definition.globs import GlobError, read_glob

CASES = [
    # Names without anything special.
    ("main", "main", True),
    ("main", "Main", False),
    ("main", "main2", False),
    ("main", "release/main", False),
    ("a.b", "a.b", True),
    ("a.b", "axb", False),
    ("v1+2^3$(x)|y", "v1+2^3$(x)|y", True),
    ("src/app.py", "src/app.py", True),
    # * is any characters of one part.
    ("*", "main", True),
    ("*", "feature/x", False),
    ("*", ".hidden", True),
    ("feature-*", "feature-", True),
    ("feature-*", "feature-42", True),
    ("feature/*", "feature/x", True),
    ("feature/*", "feature/x/y", False),
    ("feature/*", "feature", False),
    ("*/main", "a/main", True),
    ("*/main", "main", False),
    ("*.py", "app.py", True),
    ("*.py", "src/app.py", False),
    ("src/*.py", "src/app.py", True),
    ("src/*.py", "src/a/app.py", False),
    ("v*.*", "v1.2", True),
    ("v*.*", "v1", False),
    ("*a*b*", "xaybz", True),
    # ** is any characters at all.
    ("**", "main", True),
    ("**", "a/b/c", True),
    ("src/**", "src/a", True),
    ("src/**", "src/a/b.py", True),
    ("src/**", "src", False),
    ("src/**", "lib/src/a", False),
    ("**/*.md", "docs/a/b.md", True),
    ("**/*.md", "a.md", False),
    ("**.md", "a.md", True),
    ("**.md", "docs/a.md", True),
    ("**/test/**", "a/test/b", True),
    ("**/test/**", "test/b", False),
    ("a**z", "a/b/z", True),
    ("a***z", "a/b/z", True),
    ("docs/**/index.md", "docs/a/b/index.md", True),
    ("docs/**/index.md", "docs/index.md", False),
    # ? is one character of a part.
    ("v?", "v1", True),
    ("v?", "v", False),
    ("v?", "v12", False),
    ("a?b", "a/b", False),
    # A backslash takes the next character as it is.
    (r"\*", "*", True),
    (r"\*", "a", False),
    (r"a\?", "a?", True),
    (r"\{a,b\}", "{a,b}", True),
    (r"\[a]", "[a]", True),
    (r"\\", "\\", True),
    (r"\m\a\i\n", "main", True),
    # Brackets are one character of some.
    ("v[123]", "v2", True),
    ("v[123]", "v4", False),
    ("v[0-9]", "v7", True),
    ("v[0-9].[0-9]", "v1.2", True),
    ("[a-cx-z]", "y", True),
    ("[a-cx-z]", "m", False),
    ("[!a]", "b", True),
    ("[!a]", "a", False),
    ("[!a-c]", "b", False),
    ("[^a]", "^", True),
    ("[^a]", "b", False),
    ("[*?]", "*", True),
    ("[*?]", "a", False),
    ("[\\]", "\\", True),
    ("[-a]", "-", True),
    ("[a-]", "-", True),
    ("[!-a]", "-", False),
    ("[!a]", "/", False),
    ("a[!b]c", "a/c", False),
    ("[a]]", "a]", True),
    ("]", "]", True),
    # Braces are one text of several.
    ("{main,develop}", "main", True),
    ("{main,develop}", "develop", True),
    ("{main,develop}", "main,develop", False),
    ("{a,b}/*", "b/x", True),
    ("*.{java,class}", "A.class", True),
    ("*.{java,class}", "A.py", False),
    ("{**/,}x", "x", True),
    ("{**/,}x", "a/b/x", True),
    ("{a}", "a", True),
    ("{,a}b", "b", True),
    ("{a*,b?}c", "axxc", True),
    ("{a,b}{c,d}", "bd", True),
    ("a,b", "a,b", True),
    ("a}", "a}", True),
    ("{[ab],c}", "b", True),
    ("", "", True),
    ("", "a", False),
]
MALFORMED = [
    ("[a", "a '[' is never closed (character 1 of '[a')"),
    ("x[", "a '[' is never closed"),
    ("[]", "there is nothing in the brackets"),
    ("[!]", "there is nothing in the brackets"),
    ("[a/b]", "brackets may not have a '/' in them"),
    ("[z-a]", "the range z-a is empty"),
    ("[a-c-e]", "a '-' in brackets stands first, last, or between two characters"),
    ("{a", "a '{' is never closed"),
    ("{a,{b,c}}", "a '{' stands within another"),
    ("a\\", "nothing follows the last '\\'"),
]


@pytest.mark.parametrize(("pattern", "name", "matches"), CASES)
def test_a_glob_means_what_it_means_in_java(pattern, name, matches):
    assert read_glob(pattern).matches(name) is matches


@pytest.mark.parametrize(("pattern", "why"), MALFORMED)
def test_a_malformed_glob_says_where_and_why(pattern, why):
    with pytest.raises(GlobError) as caught:
        read_glob(pattern)

    assert why in str(caught.value)


@given(st.text("ab/*?", max_size=8), st.text("ab/", max_size=8))
def test_wildcards_are_those_of_a_regular_expression(pattern, name):
    spelled = {"**": ".*", "*": "[^/]*", "?": "[^/]", "a": "a", "b": "b", "/": "/"}
    regex = "".join(spelled[token] for token in re.findall(r"\*\*|.", pattern))

    assert read_glob(pattern).matches(name) is bool(re.fullmatch(regex, name))


@pytest.mark.timeout(120)  # Python's `re` would not end at all
def test_no_name_makes_a_glob_take_long():
    assert not read_glob("*a" * 100 + "b").matches("a" * 2000)
    assert not read_glob("**/a" * 50 + "/b").matches("a/" * 1000)
