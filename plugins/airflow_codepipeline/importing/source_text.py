"""The text of a foreign file to values that know their places.

A file is read as what it holds, not as what it is called: JSON is saved as .yaml, templates as .template.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from airflow_codepipeline.definition import json_text
from airflow_codepipeline.definition.findings import shown
from airflow_codepipeline.definition.text import (
    DEEPEST,
    EXPANSION,
    SYNTAX,
    TOO_LARGE,
    UnreadableError,
    decode,
)
from airflow_codepipeline.definition.yaml_text import refuse_depth, syntax_problem
from airflow_codepipeline.importing.kinds import DUPLICATE, LENIENT
from airflow_codepipeline.importing.values import Mapping, Sequence

if TYPE_CHECKING:
    from airflow_codepipeline.definition.findings import Path, Problem
    from airflow_codepipeline.definition.text import Places, Position

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STANDARD = "tag:yaml.org,2002:"
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})")
_TRUE = frozenset({"true", "yes", "on"})
_MOST_VALUES = 500_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """What a text gave.

    :param problems: what is odd about the text although it could be read.
    """

    data: Any
    problems: tuple[Problem, ...]


def load(content: bytes) -> Loaded:
    """Return the values of a JSON or YAML text.

    :raises UnreadableError: it is neither.
    """
    text = decode(content)
    if not text.lstrip().startswith(("{", "[")):
        return _load_yaml(text)
    try:
        document = json_text.load(content)
    except UnreadableError as strict:
        return _load_almost_json(text, strict)
    problems = tuple(_last_wins(problem) for problem in document.problems)
    return Loaded(data=_placed(document.data, (), document.places), problems=problems)


def _load_almost_json(text: str, strict: UnreadableError) -> Loaded:
    """Return a text that is JSON but for a trailing comma or a comment: flow style YAML allows both."""
    try:
        loaded = _load_yaml(text)
    except UnreadableError:
        raise strict from None
    said = LENIENT.problem(strict.problems[0].message, position=strict.problems[0].position)
    return Loaded(data=loaded.data, problems=(said, *loaded.problems))


def _last_wins(problem: Problem) -> Problem:
    return DUPLICATE.problem(
        f"The key {shown(str(problem.path[-1]))} stands here again; CloudFormation takes the last.",
        problem.path,
        position=problem.position,
    )


def _placed(value: Any, path: Path, places: Places) -> Any:
    if len(path) > DEEPEST:
        raise _too_deep(places.position(path))
    if isinstance(value, dict):
        mapping = Mapping(places.position(path))
        for key, item in value.items():
            mapping[key] = _placed(item, (*path, key), places)
            mapping.places[key] = places.position((*path, key)) or (1, 1)
        return mapping
    if isinstance(value, list):
        sequence = Sequence(places.position(path))
        for index, item in enumerate(value):
            sequence.add(_placed(item, (*path, index), places), places.position((*path, index)))
        return sequence
    return places.written.get(path, str(value)) if isinstance(value, float) else value


def _load_yaml(text: str) -> Loaded:
    try:
        refuse_depth(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return Loaded(data=None, problems=())
        build = _Build(loader)
        return Loaded(data=build.value(node), problems=tuple(build.problems))
    except yaml.YAMLError as error:
        raise UnreadableError(syntax_problem(error)) from error
    except RecursionError as error:
        raise _too_deep(None) from error


def _too_deep(position: Position | None) -> UnreadableError:
    return UnreadableError(TOO_LARGE.problem("The file is nested too deep.", position=position))


def _position(node: Node) -> Position:
    return node.start_mark.line + 1, node.start_mark.column + 1


@dataclass
class _Build:
    """Nodes to values: CloudFormation's short tags become its long functions."""

    loader: Any
    problems: list[Problem] = field(default_factory=list)
    _sizes: dict[int, int] = field(default_factory=dict)
    _built: dict[int, Any] = field(default_factory=dict)
    _count: int = 0
    _depth: int = 0

    def value(self, node: Node) -> Any:
        """Return the value of a node. One that aliases share is built once, and counted each time."""
        known = self._sizes.get(id(node))
        before = self._count
        self._count += known if known is not None else 1
        if known == 0 or self._count > _MOST_VALUES:
            raise UnreadableError(EXPANSION.problem(EXPANSION.what, position=_position(node)))
        if known is not None:
            return self._built[id(node)]
        self._sizes[id(node)] = 0
        self._depth += 1
        if self._depth > DEEPEST:
            raise _too_deep(_position(node))
        self._built[id(node)] = built = self._tagged(node)
        self._depth -= 1
        self._sizes[id(node)] = self._count - before
        return built

    def _tagged(self, node: Node) -> Any:
        plain = self._plain(node)
        if node.tag.startswith(_STANDARD) or not node.tag.startswith("!"):
            return plain
        name = node.tag[1:]
        if name == "GetAtt" and isinstance(plain, str):
            plain = plain.split(".", 1)
        function = Mapping(_position(node))
        key = name if name in ("Ref", "Condition") else f"Fn::{name}"
        function[key] = plain
        function.places[key] = _position(node)
        return function

    def _plain(self, node: Node) -> Any:
        if isinstance(node, ScalarNode):
            return _scalar(node)
        if isinstance(node, MappingNode):
            return self._mapping(node)
        sequence = Sequence(_position(node))
        assert isinstance(node, CollectionNode)
        for item in node.value:
            sequence.add(self.value(item), _position(item))
        return sequence

    def _mapping(self, node: MappingNode) -> Mapping:
        written = [key.value for key, _ in node.value if isinstance(key, ScalarNode)]
        if "<<" in written:
            self.loader.flatten_mapping(node)
            written = []
        mapping = Mapping(_position(node))
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                problem = SYNTAX.problem("A key is not a text.", position=_position(key_node))
                raise UnreadableError(problem)
            key = key_node.value
            if key in mapping and written:
                self.problems.append(_last_wins(DUPLICATE.problem("", (key,), position=_position(key_node))))
            mapping[key] = self.value(value_node)
            mapping.places[key] = _position(value_node)
        return mapping


def _scalar(node: ScalarNode) -> Any:
    """Return a scalar. What would not be written again as it stands stays the text it is: 0123, 1.10."""
    if node.tag == _STANDARD + "null":
        return None
    if node.tag == _STANDARD + "bool":
        return node.value.lower() in _TRUE
    if node.tag == _STANDARD + "int" and _WHOLE.fullmatch(node.value):
        return int(node.value)
    return node.value
