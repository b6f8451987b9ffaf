"""The parameters of a template: what was given, the default, or a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.findings import shown
from airflow_codepipeline.definition.suggest import listing
from airflow_codepipeline.importing.cloudformation.assumed import assumed_value
from airflow_codepipeline.importing.cloudformation.template import as_mapping
from airflow_codepipeline.importing.kinds import PARAMETER, FaultError
from airflow_codepipeline.importing.labels import slug
from airflow_codepipeline.importing.secret_values import looks_secret
from airflow_codepipeline.importing.values import Mapping, Sequence, scalar_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow_codepipeline.definition.text import Position
    from airflow_codepipeline.importing.cloudformation.stack import Given
    from airflow_codepipeline.importing.cloudformation.template import Template
    from airflow_codepipeline.importing.variables import Variables

_LISTS = ("CommaDelimitedList", "List<")
_SSM = "AWS::SSM::Parameter::"
_MADE_BY_CDK = "C96584B6F00A464EAD1953AFF4B05118"
"""A part of the names of parameters that the CDK makes; the one that is readable is the SSM parameter's."""


def parameter_value(template: Template, name: str, given: Given, variables: Variables) -> Any:
    """Return what `Ref` of a parameter gives: a text or a list, unknown where nobody has said it.

    A NoEcho parameter and one of an SSM type is always unknown: the one is a secret, the other is looked up
    by the stack (CloudFormation user guide, "Parameters"). What a deployed stack has is a variable too, so
    that every stack of a template has the same definition.

    :raises FaultError: the given value is not allowed.
    """
    declared = as_mapping(template.parameters[name], f"Parameter {name}", template.parameters.place(name))
    kind = str(declared.get("Type", "String"))
    default = declared.get("Default")
    hidden = scalar_text(declared.get("NoEcho", False)).lower() == "true"
    known = given.stack.parameters.get(name) if given.stack is not None and not hidden else None
    was = f"Parameter {name}"
    path = None
    if kind.startswith(_SSM):
        path = given.parameters.get(name, default)
        was += f" = SSM parameter {path}" if not hidden and path is not None else ""
    elif name in given.parameters and not hidden:
        _refuse_unlisted(name, given.parameters[name], declared, template.parameters.place(name))
        return _typed(kind, given.parameters[name])
    elif default is not None and known is None and not hidden:
        return _typed(kind, _default_text(default))
    if known is not None and _is_list(kind):
        return known_items(variables, name, _items(known), was=was, source=template.name)
    found = variables.unknown(
        str(path) if _MADE_BY_CDK in name and path is not None else name,
        was=was,
        assumed=_assumed(template, name, declared),
        source=template.name,
        secret=hidden or (known is not None and looks_secret(name, known)),
        known=known,
    )
    return _one_item(found, declared.position) if kind.startswith(_LISTS) and not hidden else found


def known_items(
    variables: Variables, label: str, values: Iterable[str], *, was: str, source: str
) -> Sequence:
    """Return a list that a deployed stack knows, a variable for each item."""
    items = Sequence()
    for index, value in enumerate(values):
        item = variables.unknown(
            f"{label}_{index}",
            was=f"item {index} of {was}",
            assumed=value,
            source=source,
            secret=looks_secret(label, value),
            known=value,
        )
        items.add(item, None)
    return items


def _assumed(template: Template, name: str, declared: Mapping) -> str:
    allowed = declared.get("AllowedValues")
    if isinstance(allowed, list) and allowed and not isinstance(allowed[0], dict | list):
        return scalar_text(allowed[0])
    if declared.get("Type") == "Number":
        return scalar_text(declared.get("MinValue", 1))
    compared = next(_compared(template.conditions, name), None)
    if compared is not None:
        return compared
    return assumed_value(name, attribute=name, service="iam" if "role" in slug(name) else template.stem)


def _compared(condition: Any, name: str) -> Iterator[str]:
    """Yield the texts that conditions compare a parameter with: values that it is meant to have."""
    if not isinstance(condition, dict | list):
        return
    if isinstance(condition, Mapping):
        sides = condition.get("Fn::Equals")
        if isinstance(sides, list) and {"Ref": name} in sides:
            yield from (scalar_text(side) for side in sides if side and not isinstance(side, dict | list))
    for below in condition.values() if isinstance(condition, dict) else condition:
        yield from _compared(below, name)


def _one_item(value: str, position: Position | None) -> Sequence:
    items = Sequence(position)
    items.add(value, position)
    return items


def _default_text(default: Any) -> str:
    if isinstance(default, list):
        return ",".join(scalar_text(item) for item in default)
    return scalar_text(default)


def _is_list(kind: str) -> bool:
    return kind.removeprefix(f"{_SSM}Value<").startswith(_LISTS)


def _typed(kind: str, value: str) -> Any:
    if not kind.startswith(_LISTS):
        return value
    items = Sequence()
    for item in _items(value):
        items.add(item, None)
    return items


def _items(value: str) -> list[str]:
    return [item.strip() for item in value.split(",")] if value else []


def _refuse_unlisted(name: str, value: str, declared: Mapping, position: Position | None) -> None:
    allowed = declared.get("AllowedValues")
    if not isinstance(allowed, list):
        return
    listed = [scalar_text(item) for item in allowed]
    chosen = _typed(str(declared.get("Type", "String")), value)
    for item in chosen if isinstance(chosen, list) else [chosen]:
        if item not in listed:
            raise FaultError(
                PARAMETER,
                f"The parameter {name} does not allow {shown(item)}.",
                position,
                f"Allowed: {listing(listed)}.",
            )
