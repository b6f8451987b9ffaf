"""The Jinja2 variables that imported definitions have, each with one name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.importing.labels import one_line, variable_name
from airflow_codepipeline.importing.values import Text, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET_VALUE = "CHANGE-ME"  # noqa: S105 what stands where a secret belongs


class Variables:
    """Every variable of one import.

    :param existing: what the variables file holds already: the name, and the comment beside it.
    """

    def __init__(self, existing: Mapping[str, str]) -> None:
        self._taken = dict(existing)
        self._made: dict[str, Text] = {}

    def unknown(
        self,
        label: str,
        *,
        was: str,
        assumed: str,
        source: str = "",
        secret: bool = False,
        known: str | None = None,
    ) -> Text:
        """Return the text that stands for what only a deployed stack knows; equal ones share a variable.

        :param label: what the variable is called, where that name is free.
        :param was: what stood in the file.
        :param source: the file, where the value is that of its stack alone.
        :param known: the value, where a deployed stack has said it; a secret's is not taken.
        """
        comment = origin(was, source)
        made = self._made.get(comment)
        if made is None:
            name = self._name(variable_name(label), comment, source)
            value = SECRET_VALUE if secret else assumed
            known = None if secret else known
            made = Text(
                (Unknown(name=name, was=was, assumed=value, secret=secret, source=source, known=known),)
            )
            self._made[comment] = made
            self._taken[name] = comment
        return made

    def is_first_guess(self, piece: Unknown) -> bool:
        """Tell whether the assumed value is the one that the variable was made with."""
        made = self._made.get(origin(piece.was, piece.source))
        return made is not None and piece in made.unknowns

    def _name(self, name: str, comment: str, source: str) -> str:
        known = next((taken for taken, said in self._taken.items() if said == comment), None)
        if known is not None:
            return known
        if name not in self._taken or (not source and not self._taken[name]):
            return name
        stem = variable_name(source.rpartition(":")[2].partition(".")[0])
        name = f"{stem}_{name}" if source else name
        number = 2
        candidate = name
        while candidate in self._taken:
            candidate = f"{name}_{number}"
            number += 1
        return candidate


def origin(was: str, source: str) -> str:
    """Return where a variable comes from, on one line: the comment beside it in the variables file."""
    said = one_line(was)
    said = said if len(said) <= 160 else said[:157] + "..."
    return f"{said} in {one_line(source)}" if source else said
