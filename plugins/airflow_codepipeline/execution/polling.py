"""What polling keeps of a source, and what follows from a look at it (PollForSourceChanges).

A change has a number of its own, so that a revision that comes back is a change again. It is written down
before anything is started, with the pipelines that wait for it; so whatever crashes, it is neither lost nor
carried out twice: of a start that is repeated the number and the revision are the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from airflow_codepipeline.execution.records import Record


class Seen(Record, frozen=True, kw_only=True):
    """What is kept of a source between two looks.

    :param source: what people call it.
    :param revision: what it had when it was seen last; none: it has had nothing yet.
    :param number: how many changes were seen.
    :param waiting: the pipelines that the last change has not started yet.
    :param problem: the code of why it could not be read the last time.
    """

    source: str
    revision: str | None = None
    number: int = 0
    waiting: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What a look at a source found: a revision, or why there is none.

    :param problem: the code of the error.
    """

    revision: str | None = None
    problem: str | None = None
    message: str = ""


def after(seen: Seen | None, look: Look, *, source: str, pipelines: tuple[str, ...]) -> Seen:
    """Return what is to be kept after a look.

    What is seen for the first time starts nothing, as if it had been deployed already. Something where there
    was nothing is a change; nothing where there was something is not.

    :param seen: what is kept; none: nobody has looked at the source before.
    :param pipelines: whom a change starts.
    """
    if seen is None:
        return Seen(source=source, revision=look.revision, problem=look.problem)
    if look.revision is None:
        return msgspec.structs.replace(seen, source=source, problem=look.problem)
    now = msgspec.structs.replace(seen, source=source, problem=None)
    if look.revision == seen.revision:
        return now
    return msgspec.structs.replace(
        now, revision=look.revision, number=seen.number + 1, waiting=tuple(sorted(pipelines))
    )


def token_of(key: str, seen: Seen) -> str:
    """Return the token of the starts that a change asks for: the same whenever they are repeated.

    :param key: what tells the source from others.
    """
    revision = hashlib.sha256((seen.revision or "").encode()).hexdigest()[:16]
    return f"poll-{key}-{seen.number}-{revision}"
