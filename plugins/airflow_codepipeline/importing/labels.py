"""Readable names, made of the names that a foreign file has."""

from __future__ import annotations

import re

# The tails that the CDK appends to keep logical ids apart, and the hash of an asset.
_CDK_HASH = re.compile(r"[0-9A-F]{8}$")
_ASSET_HASH = re.compile(r"[0-9a-f]{40,64}")
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_WORD = re.compile(r"[^A-Za-z0-9]+")
_LONGEST = 70

# Names that are one word to people.
_ONE_WORD = re.compile(r"GitHub|GitLab|OAuth|CodePipeline|CodeBuild|CodeCommit|CodeDeploy|CloudFormation")

# `var.items` would be the method of a mapping, in Jinja2.
_METHODS = frozenset(dir(dict))


def one_line(text: str) -> str:
    """Return a text as a comment can hold it: on one line, and nothing in it that YAML refuses."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())


def words(text: str) -> str:
    """Return a name's words, in lower case, with a space between: `MyVPCRole` is `my vpc role`."""
    plain = _ONE_WORD.sub(lambda match: match[0].capitalize(), text)
    found = _NOT_WORD.sub(" ", _WORD_START.sub(" ", plain)).lower().split()
    while len(found) > 1 and len(" ".join(found)) > _LONGEST:
        found.pop(-2)
    return " ".join(found)[:_LONGEST]


def without_hash(logical_id: str) -> str:
    """Return a logical id without what the CDK appended to it."""
    plain = _CDK_HASH.sub("", _ASSET_HASH.sub("", logical_id))
    return plain or logical_id


def variable_name(text: str) -> str:
    """Return the name of a Jinja2 variable: letters, digits and underscores."""
    name = words(without_hash(text)).replace(" ", "_") or "value"
    if name[0].isdigit() or name in _METHODS:
        name = f"value_{name}"
    return name


def slug(text: str) -> str:
    """Return a text such as buckets and stacks are called: lower case and dashes."""
    return words(without_hash(text)).replace(" ", "-") or "value"
