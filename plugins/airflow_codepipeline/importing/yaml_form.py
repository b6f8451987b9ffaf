"""Definitions and their variables as YAML for people, with Jinja2 for what is not known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from airflow_codepipeline.importing.values import Text, pieces_of
from airflow_codepipeline.importing.variables import origin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_codepipeline.importing.values import Piece, Unknown

# What Jinja2 would take for its own. `{{resolve:` and `{{.` stay as they are: definition/template.py.
_LOOKS_LIKE_JINJA = re.compile(r"\{\{(?!\s*(?:resolve:|\.))|\{%")
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Template(str):
    """A text with Jinja2 in it, which must stand on one line in double quotes."""

    __slots__ = ()


class _DefinitionDumper(_Dumper):  # type: ignore[misc]
    """Writes texts of several lines as blocks, and never an alias."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _plain_text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text.rstrip("\n") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _template_text(dumper: Any, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')


_DefinitionDumper.add_representer(str, _plain_text)
_DefinitionDumper.add_representer(_Template, _template_text)


def definition_text(data: dict[str, Any], *, comment: str) -> str:
    """Return the text of a definition; unknown values are Jinja2 expressions.

    :param comment: the first line, without its sign.
    """
    body = yaml.dump(
        _rendered(data), Dumper=_DefinitionDumper, sort_keys=False, allow_unicode=True, width=1_000_000
    )
    return f"# {comment}\n{body}"


def _rendered(value: Any) -> Any:
    if isinstance(value, dict):
        return {_text(key): _rendered(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rendered(item) for item in value]
    return _text(value) if isinstance(value, str) else value


def _text(value: str) -> str:
    rendered = "".join(map(_piece_text, pieces_of(value)))
    return _Template(rendered) if isinstance(value, Text) or rendered != value else rendered


def _piece_text(piece: Piece) -> str:
    return _escaped(piece) if isinstance(piece, str) else f"{{{{ var.{piece.name} }}}}"


def _escaped(text: str) -> str:
    return _LOOKS_LIKE_JINJA.sub(lambda match: "{{ '" + match[0] + "' }}", text)


def variable_lines(unknowns: Iterable[Unknown]) -> str:
    """Return the lines of a variables file, each with what the variable was."""
    return "".join(
        f"{piece.name}: {_scalar(piece.value)}  # {origin(piece.was, piece.source)}\n" for piece in unknowns
    )


def _scalar(text: str) -> str:
    dumped: str = yaml.dump(text, Dumper=_Dumper, default_style='"', allow_unicode=True, width=1_000_000)
    return dumped.strip()
