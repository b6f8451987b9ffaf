"""What a push changed: told by git itself, in a hook, once the references are there (githooks(5))."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedded_aws.git.program import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOOKS = Path(__file__).with_name("hooks")
_NOTHING = "0" * 40


@dataclass(frozen=True, kw_only=True)
class Update:
    """One reference that changed.

    :param name: in full: `refs/heads/main`.
    :param before: the commit it led to, None for a new one.
    :param after: the commit it leads to, None for one that was deleted.
    """

    name: str
    before: str | None
    after: str | None


class Receipt:
    """Where the hook of one push writes."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def variables(self) -> dict[str, str]:
        """What git's environment has so that the hook runs."""
        count = int(environment()["GIT_CONFIG_COUNT"])
        return {
            "GIT_CONFIG_COUNT": str(count + 1),
            f"GIT_CONFIG_KEY_{count}": "core.hooksPath",
            f"GIT_CONFIG_VALUE_{count}": str(_HOOKS),
            "RECEIVED": str(self._file),
        }

    def updates(self) -> list[Update]:
        """What the push changed; nothing where git refused it."""
        if not self._file.exists():
            return []
        lines = (line.split(" ", 2) for line in self._file.read_text().splitlines())
        return [
            Update(name=name, before=_commit(before), after=_commit(after)) for before, after, name in lines
        ]


@contextmanager
def receipt() -> Iterator[Receipt]:
    """Give a place to the hook of one push."""
    with tempfile.TemporaryDirectory(prefix="received-") as folder:
        yield Receipt(Path(folder) / "updates")


def _commit(name: str) -> str | None:
    return None if name == _NOTHING else name
