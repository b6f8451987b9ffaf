"""YAML: text to data by libyaml, guarded, and where each value stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from airflow_codepipeline.definition.text import (
    DEEPEST,
    EXPANSION,
    NOT_UTF8,
    SYNTAX,
    TOO_LARGE,
    Document,
    Places,
    UnreadableError,
    decode,
    duplicate_key,
)

if TYPE_CHECKING:
    from airflow_codepipeline.definition.findings import Path, Problem
    from airflow_codepipeline.definition.text import Position

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Below this many openings no text can nest deep enough to overflow libyaml's stack.
_HARMLESS_OPENINGS = 1_000
_MOST_VALUES = 100_000
_CLOUDFORMATION_TAG = "could not determine a constructor for the tag '!"


def load(content: bytes) -> Document:
    """Return the data of a YAML text of one document.

    :raises UnreadableError: it is not YAML, has tags, or expands without bounds.
    """
    text = decode(content)
    try:
        refuse_depth(text)
        loader = _Loader(text)
        node = loader.get_single_node()
        problems = _guard(node) if node is not None else ()
        data = loader.construct_document(node) if node is not None else None
    except yaml.YAMLError as error:
        raise UnreadableError(syntax_problem(error)) from error
    except RecursionError as error:
        raise UnreadableError(TOO_LARGE.problem("The file is nested too deep.")) from error
    except (ValueError, TypeError, OverflowError) as error:
        # A timestamp such as 2024-99-99, an unhashable key: PyYAML lets Python's own error through.
        raise UnreadableError(SYNTAX.problem(f"Not valid YAML: {error}.")) from error
    return Document(data, problems, lambda: _places(node))


def refuse_depth(text: str) -> None:
    """Refuse a text whose nesting would overflow the stack of the C parser, which kills the process.

    :raises UnreadableError: it is nested too deep.
    """
    if sum(text.count(opening) for opening in "[{-?") <= _HARMLESS_OPENINGS:
        return
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.events.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                mark = event.start_mark
                position = (mark.line + 1, mark.column + 1) if mark else None
                raise UnreadableError(TOO_LARGE.problem("The file is nested too deep.", position=position))
        elif isinstance(event, yaml.events.CollectionEndEvent):
            depth -= 1


def syntax_problem(error: yaml.YAMLError) -> Problem:
    """Return what PyYAML says of a text, in a finding."""
    if isinstance(error, yaml.reader.ReaderError):
        return NOT_UTF8.problem(f"The file holds a character that YAML does not allow: {error.reason}.")
    if not isinstance(error, yaml.MarkedYAMLError):
        return SYNTAX.problem(f"Not valid YAML: {error}.")
    mark = error.problem_mark or error.context_mark
    position = (mark.line + 1, mark.column + 1) if mark else None
    said = ", ".join(part for part in (error.context, error.problem) if part)
    suggestion = ""
    if _CLOUDFORMATION_TAG in said:
        suggestion = "CloudFormation's tags are resolved by `codepipeline import`."
    return SYNTAX.problem(f"Not valid YAML: {said}.", suggestion=suggestion, position=position)


def _position(node: Node) -> Position:
    return node.start_mark.line + 1, node.start_mark.column + 1


@dataclass
class _Guard:
    """What one walk over the nodes finds. A node that aliases share is measured once."""

    sizes: dict[int, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def measure(self, node: Node, path: Path) -> int:
        """Return how many values a node expands to."""
        if not isinstance(node, CollectionNode):
            return 1
        size = self.sizes.get(id(node))
        if size is None:
            self.sizes[id(node)] = -1
            size = 1 + self._children(node, path)
            self.sizes[id(node)] = size
        if size < 0 or size > _MOST_VALUES:
            raise UnreadableError(
                EXPANSION.problem(EXPANSION.what, path, suggestion=EXPANSION.right, position=_position(node))
            )
        return size

    def _children(self, node: CollectionNode, path: Path) -> int:
        if isinstance(node, MappingNode):
            self._duplicates(node, path)
            return sum(
                self.measure(key, path) + self.measure(value, (*path, str(key.value)))
                for key, value in node.value
            )
        return sum(self.measure(item, (*path, index)) for index, item in enumerate(node.value))

    def _duplicates(self, node: MappingNode, path: Path) -> None:
        seen: dict[tuple[str, str], Node] = {}
        for key, _ in node.value:
            if isinstance(key, ScalarNode):
                first = seen.setdefault((key.tag, key.value), key)
                if first is not key:
                    self.problems.append(
                        duplicate_key(path, key.value, first=_position(first), second=_position(key))
                    )


def _guard(node: Node) -> tuple[Problem, ...]:
    guard = _Guard()
    guard.measure(node, ())
    return tuple(guard.problems)


def _places(node: Node | None) -> Places:
    places = Places({}, {})
    if node is not None:
        _place(node, (), places)
    return places


def _place(node: Node, path: Path, places: Places) -> None:
    places.positions[path] = _position(node)
    if isinstance(node, MappingNode):
        for key, value in node.value:
            _place(value, (*path, str(key.value)), places)
    elif isinstance(node, CollectionNode):
        for index, item in enumerate(node.value):
            _place(item, (*path, index), places)
    elif isinstance(node, ScalarNode) and not node.style:
        places.written[path] = node.value
