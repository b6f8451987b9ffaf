"""The functions that look something up: FindInMap, ImportValue, GetAZs, Transform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.findings import shown
from airflow_codepipeline.definition.suggest import did_you_mean
from airflow_codepipeline.importing.cloudformation.assumed import REGION, assumed_value
from airflow_codepipeline.importing.kinds import FUNCTION, REFERENCE, FaultError
from airflow_codepipeline.importing.secret_values import looks_secret
from airflow_codepipeline.importing.values import Mapping, Sequence, Text, is_certain, scalar_text

if TYPE_CHECKING:
    from airflow_codepipeline.definition.text import Position
    from airflow_codepipeline.importing.cloudformation.resolver import Resolver


def find_in_map(resolver: Resolver, argument: Any, position: Position | None) -> Any:
    """`Fn::FindInMap`, with the default of the language extensions.

    Where a key is unknown, so is the value: what the assumed key gives is assumed of it.
    """
    if not isinstance(argument, list) or len(argument) not in (3, 4):
        raise FaultError(FUNCTION, "Fn::FindInMap wants a mapping and two keys.", position)
    name, *keys = (resolver.text(item, position) for item in argument[:3])
    top = resolver.template.mappings.get(name)
    if not isinstance(top, Mapping):
        known = did_you_mean(name, resolver.template.mappings)
        raise FaultError(REFERENCE, f"The template has no mapping {name}.", position, known)
    value = None
    if all(map(is_certain, keys)):
        value = _value_under(resolver, name, top, keys, argument, position)
        if not any(isinstance(key, Text) for key in keys) or not _is_plain(value):
            return value
    return _uncertain(resolver, name, top, keys, known=None if value is None else scalar_text(value))


def _is_plain(value: Any) -> bool:
    return not isinstance(value, Text | dict | list)


def _value_under(
    resolver: Resolver,
    name: str,
    top: Mapping,
    keys: list[str],
    argument: list[Any],
    position: Position | None,
) -> Any:
    second = top.get(keys[0])
    if isinstance(second, Mapping) and keys[1] in second:
        return resolver.resolve(second[keys[1]], second.place(keys[1]))
    default = argument[3] if len(argument) == 4 else None
    if isinstance(default, Mapping) and "DefaultValue" in default:
        return resolver.resolve(default["DefaultValue"], default.position)
    message = f"The mapping {name} has no value under {shown(keys[0])}, {shown(keys[1])}."
    raise FaultError(REFERENCE, message, position)


def _uncertain(resolver: Resolver, name: str, top: Mapping, keys: list[str], *, known: str | None) -> Any:
    rows = [top.get(keys[0]), *top.values()]
    found = [row[keys[1]] for row in rows if isinstance(row, Mapping) and keys[1] in row]
    assumed = next((item for item in found if not isinstance(item, dict | list)), keys[1])
    if len({str(item) for item in found}) == 1 and len(found) > len(top):
        return resolver.resolve(found[0], top.position)
    return resolver.variables.unknown(
        f"{name}_{keys[1]}",
        was=f"!FindInMap [{name}, {', '.join(map(_said, keys))}]",
        assumed=scalar_text(assumed),
        source=resolver.template.name,
        known=known,
    )


def _said(key: str) -> str:
    return ", ".join(piece.was for piece in key.unknowns) if isinstance(key, Text) else key


def import_value(resolver: Resolver, argument: Any, position: Position | None) -> str:
    """`Fn::ImportValue`: what another stack exports under a name."""
    name = resolver.text(argument, position)
    label = name.rpartition(":")[2] if not isinstance(name, Text) else _without_unknowns(name)
    stack = resolver.given.stack
    known = stack.exports.get(str(name)) if stack is not None and is_certain(name) else None
    return resolver.variables.unknown(
        label,
        was=f"!ImportValue {_template_text(name)}",
        assumed=assumed_value(label, attribute=label, service="iam" if "role" in label.lower() else "s3"),
        source="" if not isinstance(name, Text) else resolver.template.name,
        secret=known is not None and looks_secret(label, known),
        known=known,
    )


def _without_unknowns(name: Text) -> str:
    known = " ".join(piece for piece in name.pieces if isinstance(piece, str))
    return known if any(character.isalnum() for character in known) else "imported value"


def _template_text(name: str) -> str:
    if not isinstance(name, Text):
        return name
    return "".join(piece if isinstance(piece, str) else "${" + piece.was + "}" for piece in name.pieces)


def get_azs(resolver: Resolver, argument: Any, position: Position | None) -> Sequence:
    """`Fn::GetAZs`: how many zones there are is not known, three are assumed."""
    region = resolver.text(argument, position) or REGION
    zones = Sequence(position)
    for letter in "abc":
        zone = resolver.variables.unknown(
            f"zone_{letter}", was=f"!GetAZs, zone {letter}", assumed=f"{region}{letter}"
        )
        zones.add(zone, position)
    return zones


def transform(_resolver: Resolver, argument: Any, position: Position | None) -> Any:
    """`Fn::Transform`: a macro runs in AWS alone.

    :raises FaultError: always.
    """
    macros = argument if isinstance(argument, list) else [argument]
    names = ", ".join(shown(macro.get("Name", "")) for macro in macros if isinstance(macro, dict))
    raise FaultError(
        FUNCTION,
        f"The macro {names} runs in AWS alone, so its value cannot be imported.",
        position,
        "`aws cloudformation get-template --template-stage Processed` prints the template without macros.",
    )
