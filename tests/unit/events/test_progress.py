from __future__ import annotations

from airflow_codepipeline.events.progress import Progress, advance
from events.kit import look, subject, told

INSIDE = {"enter": "success"}
LEFT = {"enter": "success", "exit": "success", "done": "success"}
FAILED = {"enter": "success", "exit": "success", "done": "upstream_failed"}


def tell(*looks):
    progress, about = Progress(), subject()
    return [line for one in looks for line in told(advance(progress, about, one))]


def test_what_began_and_ended_between_two_looks_gives_both_in_the_order_of_their_time():
    end = look(
        "success", Source=LEFT | {"Take": "success"}, Build=LEFT | dict.fromkeys(("Compile", "Ok"), "success")
    )

    assert tell(look(), end) == [
        "pipeline STARTED",
        "Source STARTED",
        "Source/Take STARTED",
        "Source/Take SUCCEEDED",
        "Source SUCCEEDED",
        "Build STARTED",
        "Build/Compile STARTED",
        "Build/Compile SUCCEEDED",
        "Build/Ok STARTED",
        "Build/Ok SUCCEEDED",
        "Build SUCCEEDED",
        "pipeline SUCCEEDED",
    ]


def test_nothing_is_told_twice():
    at_work = look(seen=True, Source=INSIDE | {"Take": "running"})

    assert tell(look(), at_work, at_work) == ["pipeline STARTED", "Source STARTED", "Source/Take STARTED"]


def test_an_action_in_the_queue_has_not_begun():
    assert tell(look(Source=INSIDE | {"Take": "queued"})) == ["pipeline STARTED", "Source STARTED"]


def test_an_action_that_goes_on_after_it_waited_has_not_begun_again():
    states = ("running", "deferred", "scheduled", "queued", "running", "up_for_retry", "running")

    lines = tell(*(look(seen=True, Source=INSIDE | {"Take": state}) for state in states))

    assert lines == ["pipeline STARTED", "Source STARTED", "Source/Take STARTED"]


def test_a_stage_that_failed_waits_for_the_look_that_says_how():
    seen = look(seen=True, Source=FAILED | {"Take": "failed"})
    left = look("failed", Source=FAILED | {"Take": "failed", "cancelled": True})

    assert tell(look(), seen) == [
        "pipeline STARTED",
        "Source STARTED",
        "Source/Take STARTED",
        "Source/Take FAILED",
    ]
    assert tell(look(), seen, left)[-2:] == ["Source CANCELED", "pipeline CANCELED"]


def test_an_approval_that_waits_asks_once_in_each_attempt():
    passed = LEFT | {"Take": "success"}
    asks = look(seen=True, Source=passed, Build=INSIDE | {"Compile": "success", "Ok": "awaiting_input"})
    rejected = look("failed", Source=passed, Build=FAILED | {"Compile": "success", "Ok": "failed"})
    again = look(attempt=2, Source=passed, Build={"Compile": "success"})

    lines = tell(look(), asks, asks, rejected, again, asks)

    assert [line for line in lines if "Ok" in line] == [
        "Build/Ok STARTED",
        "Build/Ok asks",
        "Build/Ok FAILED",
        "Build/Ok STARTED",
        "Build/Ok asks",
    ]


def test_what_a_person_marked_otherwise_is_canceled_at_the_end():
    marked = look("success", Source=LEFT | {"Take": "skipped"})

    lines = tell(look(), look(seen=True, Source=INSIDE | {"Take": "running"}), marked)

    assert lines[-3:] == ["Source/Take CANCELED", "Source SUCCEEDED", "pipeline SUCCEEDED"]


def test_a_stage_that_its_entry_condition_skips_is_not_told_of():
    hooks = {"hooks": {"beforeEntry": "running"}}
    skipped = LEFT | {"hooks": {"beforeEntry": "success"}, "Take": "skipped", "skipped": True}

    lines = tell(
        look(), look(seen=True, Source=INSIDE | hooks | {"Take": None}), look("success", Source=skipped)
    )

    assert lines == ["pipeline STARTED", "pipeline SUCCEEDED"]
