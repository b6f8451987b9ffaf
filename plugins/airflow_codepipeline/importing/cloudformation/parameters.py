"""The parameters of a template: what was given, the default, or a variable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.findings import shown
from airflow_codepipeline.definition.suggest import listing
from airflow_codepipeline.importing.cloudformation.assumed import assumed_value
from airflow_codepipeline.importing.cloudformation.template import as_mapping
from airflow_codepipeline.importing.kinds import PARAMETER, FaultError
from airflow_codepipeline.importing.labels import slug
from airflow_codepipeline.importing.values import Mapping, Sequence, scalar_text

if TYPE_CHECKING:
    from airflow_codepipeline.definition.text import Position
    from airflow_codepipeline.importing.cloudformation.template import Template
    from airflow_codepipeline.importing.variables import Variables

_LISTS = ("CommaDelimitedList", "List<")
_SSM = "AWS::SSM::Parameter::"


def parameter_value(template: Template, name: str, given: dict[str, str], variables: Variables) -> Any:
    """Return what `Ref` of a parameter gives: a text or a list, unknown where nobody has said it.

    A NoEcho parameter and one of an SSM type is always unknown: the one is a secret, the other is looked up
    by the stack (CloudFormation user guide, "Parameters").

    :raises FaultError: the given value is not allowed.
    """
    declared = as_mapping(template.parameters[name], f"Parameter {name}", template.parameters.place(name))
    kind = str(declared.get("Type", "String"))
    default = declared.get("Default")
    secret = scalar_text(declared.get("NoEcho", False)).lower() == "true"
    if secret or kind.startswith(_SSM):
        looked_up = given.get(name, default)
        said = f" = SSM parameter {looked_up}" if not secret and looked_up is not None else ""
        return _unknown(template, name, declared, variables, said=said, secret=secret)
    if name in given:
        _refuse_unlisted(name, given[name], declared, template.parameters.place(name))
        return _typed(kind, given[name])
    if default is not None:
        return _typed(kind, _default_text(default))
    found = _unknown(template, name, declared, variables)
    return _one_item(found, declared.position) if kind.startswith(_LISTS) else found


def _unknown(
    template: Template,
    name: str,
    declared: Mapping,
    variables: Variables,
    *,
    said: str = "",
    secret: bool = False,
) -> str:
    return variables.unknown(
        name,
        was=f"Parameter {name}{said}",
        assumed=_assumed(template, name, declared),
        source=template.name,
        secret=secret,
    )


def _assumed(template: Template, name: str, declared: Mapping) -> str:
    allowed = declared.get("AllowedValues")
    if isinstance(allowed, list) and allowed and not isinstance(allowed[0], dict | list):
        return scalar_text(allowed[0])
    if declared.get("Type") == "Number":
        return scalar_text(declared.get("MinValue", 1))
    return assumed_value(name, attribute=name, service="iam" if "role" in slug(name) else template.stem)


def _one_item(value: str, position: Position | None) -> Sequence:
    items = Sequence(position)
    items.add(value, position)
    return items


def _default_text(default: Any) -> str:
    if isinstance(default, list):
        return ",".join(scalar_text(item) for item in default)
    return scalar_text(default)


def _typed(kind: str, value: str) -> Any:
    if not kind.startswith(_LISTS):
        return value
    items = Sequence()
    for item in value.split(",") if value else ():
        items.add(item.strip(), None)
    return items


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
