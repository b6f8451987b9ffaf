"""The names in a Jinja2 template that have no value, all of them: rendering stops at the first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jinja2 import nodes

_GIVEN = frozenset({"var", "environment", "range", "dict", "namespace", "cycler", "joiner"})
_ASKS_WHETHER = frozenset({"default", "d", "defined", "undefined"})


def missing_names(tree: nodes.Template, values: Mapping[str, Any]) -> Iterator[tuple[list[str], int]]:
    """Yield the parts of each dotted name without a value, and its line."""
    from jinja2 import meta, nodes

    undeclared = meta.find_undeclared_variables(tree) - _GIVEN
    for name in tree.find_all(nodes.Name):
        if name.name in undeclared:
            yield [name.name], name.lineno
    yield from _missing_variables(tree, values)


def _missing_variables(node: nodes.Node, values: Mapping[str, Any]) -> Iterator[tuple[list[str], int]]:
    from jinja2 import nodes

    if isinstance(node, nodes.Filter | nodes.Test) and node.name in _ASKS_WHETHER:
        return
    dotted = _dotted(node)
    if dotted is None or dotted[0] != "var":
        for child in node.iter_child_nodes():
            yield from _missing_variables(child, values)
        return
    for length in range(2, len(dotted) + 1):
        if value_at(values, dotted[1:length]) is None:
            yield dotted[:length], node.lineno
            return


def _dotted(node: nodes.Node) -> list[str] | None:
    from jinja2 import nodes

    if isinstance(node, nodes.Name):
        return [node.name]
    if isinstance(node, nodes.Getattr):
        before, name = _dotted(node.node), node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        before, name = _dotted(node.node), node.arg.value
    else:
        return None
    return [*before, name] if before is not None and isinstance(name, str) else None


def value_at(values: Any, keys: list[str]) -> Any:
    """Return what stands in nested mappings under the keys, or none."""
    for key in keys:
        if not isinstance(values, dict) or key not in values:
            return None
        values = values[key]
    return values if values is not None else ""
