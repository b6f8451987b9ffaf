"""A table of what was measured and what was allowed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class Row:
    """One number of a report; without a limit it is there to be compared with.

    :param limit: the greatest value that meets the budget.
    :param unit: what stands behind both numbers.
    """

    budget: str
    measured: float
    limit: float | None = None
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether the budget is kept."""
        return self.limit is None or self.measured <= self.limit


@dataclass(frozen=True, slots=True)
class _Line:
    budget: str
    measured: str
    limit: str
    met: str


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table in Markdown."""
    lines = [_Line("budget", "measured", "limit", "met"), *map(_line, rows)]
    names = [column.name for column in fields(_Line)]
    widths = {name: max(len(getattr(line, name)) for line in lines) for name in names}
    text = [" | ".join(getattr(line, name).ljust(widths[name]) for name in names) for line in lines]
    text.insert(1, "-|-".join("-" * widths[name] for name in names))
    return "\n".join(f"| {line} |" if "-|-" not in line else f"|-{line}-|" for line in text)


def _line(row: Row) -> _Line:
    measured = f"{_number(row.measured)}{row.unit}"
    if row.limit is None:
        return _Line(row.budget, measured, "", "")
    return _Line(row.budget, measured, f"{_number(row.limit)}{row.unit}", "yes" if row.met else "NO")


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.2f}"
