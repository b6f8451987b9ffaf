"""The sections of a template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.findings import shown
from airflow_codepipeline.importing.kinds import MALFORMED, FaultError
from airflow_codepipeline.importing.values import Mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.text import Position

_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources")


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A template, and the name of its file.

    :param name: the file's name, for people; its stem is taken for the stack's name.
    :param outputs: those that are an attribute of a resource: `Resource.Attribute`, by their names.
    :param is_generated: whether a macro, such as SAM's, adds resources that the file does not show.
    """

    name: str
    parameters: Mapping
    mappings: Mapping
    conditions: Mapping
    resources: Mapping
    outputs: dict[str, str]
    is_generated: bool

    @property
    def stem(self) -> str:
        """The file's name without what follows the first dot."""
        return self.name.lstrip(".").partition(".")[0] or self.name


def is_template(data: Any) -> bool:
    """Tell whether the data of a file is a template."""
    return isinstance(data, dict) and "Resources" in data


def read_template(data: Mapping, name: str) -> Template:
    """Return a template's sections.

    :raises FaultError: a section, or something in it, is not a mapping.
    """
    parameters, mappings, conditions, resources = (_section(data, key) for key in _SECTIONS)
    return Template(
        name=name,
        parameters=parameters,
        mappings=mappings,
        conditions=conditions,
        resources=resources,
        outputs=dict(_attributes(data.get("Outputs"))),
        is_generated=_is_generated(data.get("Transform")) or "Fn::Transform" in resources,
    )


def _attributes(outputs: Any) -> Iterator[tuple[str, str]]:
    for name, output in outputs.items() if isinstance(outputs, Mapping) else ():
        value = output.get("Value") if isinstance(output, Mapping) else None
        gotten = value.get("Fn::GetAtt") if isinstance(value, Mapping) else None
        if isinstance(gotten, list) and len(gotten) == 2:
            gotten = f"{gotten[0]}.{gotten[1]}"
        if isinstance(gotten, str):
            yield name, gotten


def _is_generated(transform: Any) -> bool:
    """Tell whether a transform may add resources: all but the language extensions may."""
    macros = transform if isinstance(transform, list) else [transform]
    return any(macro is not None and macro != "AWS::LanguageExtensions" for macro in macros)


def _section(data: Mapping, key: str) -> Mapping:
    section = data.get(key)
    if section is None:
        return Mapping(data.place(key))
    return as_mapping(section, key, data.place(key))


def as_mapping(value: Any, what: str, position: Position | None) -> Mapping:
    """Return a value that must be a mapping.

    :raises FaultError: it is none.
    """
    if not isinstance(value, Mapping):
        raise FaultError(MALFORMED, f"{what} is not a mapping: {shown(str(value))}.", position)
    return value
