from __future__ import annotations

import pytest

from fixtures.attempts import ScriptedAws


@pytest.fixture
def scripted(monkeypatch):
    """Make an AWS that answers from a script; in the end everything in it must have been asked."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    made = []

    def make(context, files=None):
        made.append(ScriptedAws(context, files))
        return made[-1]

    yield make
    for aws in made:
        aws.finished()
        aws.close()
