"""What is typed at the terminal while an approval asks."""

from __future__ import annotations

import os
import sys
import threading

import pytest
from rich.prompt import Confirm, Prompt

from airflow_codepipeline.cli.typed import Typed


@pytest.fixture
def keyboard(monkeypatch):
    """A pipe in the place of the terminal; the end that is typed into."""
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin, os.fdopen(writing, "w", encoding="utf-8") as keys:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield keys


def test_prompts_read_what_is_typed(keyboard):
    typed = Typed(threading.Event())

    print("perhaps\ny\nschön", file=keyboard, flush=True)

    assert Confirm.ask("Approve?", stream=typed)
    assert Prompt.ask("Comment", stream=typed) == "schön"


def test_nothing_more_can_be_typed_at_the_end_of_the_input(keyboard):
    keyboard.close()

    with pytest.raises(EOFError):
        Confirm.ask("Approve?", stream=Typed(threading.Event()))


def test_who_waits_for_an_answer_is_released_when_nobody_wants_it(keyboard):
    stopped = threading.Event()
    threading.Timer(0.0, stopped.set).start()

    with pytest.raises(EOFError):
        Confirm.ask("Approve?", stream=Typed(stopped))
