"""A commit as the variables, summaries and revisions of an execution show it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

MESSAGE_BYTES = 100 * 1024
"""The longest CommitMessage (CodePipeline user guide, Variables reference)."""

_SUMMARY_CHARACTERS = 2048


@dataclass(frozen=True, kw_only=True)
class Commit:
    """What a commit says of itself."""

    id: str
    author_name: str
    author_email: str
    author_date: datetime
    committer_date: datetime
    message: str

    def variables(self) -> dict[str, str]:
        """Return what every source in git has as output variables."""
        return {
            "AuthorDate": iso(self.author_date),
            "CommitId": self.id,
            "CommitMessage": shortened(self.message, MESSAGE_BYTES),
        }

    def summary(self) -> str:
        """Return the revision's summary: the message, as long as the API allows (ArtifactRevision)."""
        return self.message[:_SUMMARY_CHARACTERS]

    def provider_summary(self, provider_type: str) -> str:
        """Return the summary as a connection has it: JSON of provider and message."""
        spare = _SUMMARY_CHARACTERS
        while True:
            summary = {"ProviderType": provider_type, "CommitMessage": self.message[:spare]}
            text = json.dumps(summary, separators=(",", ":"), ensure_ascii=False)
            if len(text) <= _SUMMARY_CHARACTERS:
                return text
            # What JSON escapes takes more room.
            spare -= len(text) - _SUMMARY_CHARACTERS


def iso(instant: datetime) -> str:
    """Return an instant as CodePipeline writes it, in UTC."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(seconds: str) -> datetime:
    """Return the instant of git's seconds since 1970."""
    return datetime.fromtimestamp(int(seconds), UTC)


def shortened(text: str, most_bytes: int) -> str:
    """Return a text that takes no more than so many bytes, cut between two characters."""
    raw = text.encode()
    return text if len(raw) <= most_bytes else raw[:most_bytes].decode(errors="ignore")
