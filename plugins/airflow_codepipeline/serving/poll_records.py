"""Where it is kept what polling has seen: one Airflow Variable for each source."""

from __future__ import annotations

import logging

import msgspec

from airflow_codepipeline.execution.polling import Seen

log = logging.getLogger(__name__)

ABOUT = (
    "What polling has seen of a source. The poller writes this; where it is deleted, what the source has "
    "counts as seen."
)


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at a source found that a worker has to do something about.

    :param key: of the source.
    :param seen: what is to be kept.
    :param message: why the source could not be read, where that is new.
    """

    key: str
    seen: Seen
    message: str = ""


def variable_key(key: str) -> str:
    """Return the key of a source's Variable."""
    return f"codepipeline.polled.{key}"


def to_text(seen: Seen) -> str:
    """Return what the Variable holds."""
    return msgspec.json.encode(seen).decode()


def from_text(key: str, text: str | None) -> Seen | None:
    """Read a source's Variable; none where there is none that can be read."""
    try:
        return None if text is None else msgspec.json.decode(text, type=Seen)
    except msgspec.DecodeError as error:
        log.warning("The Variable %s is not as the poller writes it: %s", variable_key(key), error)
        return None
