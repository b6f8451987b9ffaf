"""Near names: what was probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 100


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` is probably a misspelling of, if there is one."""
    if len(word) > _LONGEST:
        return None
    import difflib

    by_fold = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), by_fold, n=1, cutoff=0.7)
    return by_fold[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a sentence that names the nearest known word, or lists a few known words."""
    names = list(known)
    near = nearest(word, names)
    if near is not None:
        return f"Did you mean '{near}'?"
    return f"Known: {listing(names)}." if names else ""


def listing(names: Iterable[str], *, limit: int = 12) -> str:
    """Return names as a list for people, sorted, cut after `limit`."""
    ordered = sorted(names)
    more = f" and {len(ordered) - limit} more" if len(ordered) > limit else ""
    return ", ".join(ordered[:limit]) + more
