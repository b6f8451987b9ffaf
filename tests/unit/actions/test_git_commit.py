from __future__ import annotations

import json
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from airflow_codepipeline.actions.git_commit import Commit, instant, iso, shortened


def commit(message: str) -> Commit:
    return Commit(
        id="a" * 40,
        author_name="Ada",
        author_email="ada@example.com",
        author_date=datetime.fromisoformat("2024-05-01T14:00:00+02:00"),
        committer_date=instant("1714564800"),
        message=message,
    )


def test_instants_are_written_in_utc():
    assert commit("m").variables()["AuthorDate"] == "2024-05-01T12:00:00Z"
    assert iso(instant("1714564800")) == "2024-05-01T12:00:00Z"


def test_a_long_message_is_cut_between_two_characters():
    variable = commit("ä" * 100_000).variables()["CommitMessage"]
    assert len(variable.encode()) == 100 * 1024
    assert shortened("äb", 2) == "ä"
    assert shortened("äb", 1) == ""


@given(st.text(max_size=5000))
def test_the_summary_of_a_connection_is_json_within_the_limit(message):
    summary = commit(message).provider_summary("GitHub")
    assert len(summary) <= 2048
    found = json.loads(summary)
    assert found["ProviderType"] == "GitHub"
    assert message.startswith(found["CommitMessage"])
    assert found["CommitMessage"] == message or len(summary) > 1900
