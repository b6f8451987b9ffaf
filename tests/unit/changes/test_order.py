from __future__ import annotations

from airflow_codepipeline.changes.delivery import Delivery
from airflow_codepipeline.changes.message import read_message
from airflow_codepipeline.changes.order import Told, in_order
from fixtures.source_events import object_created, text


def told(value, sent: int = 0) -> Told:
    body = text(value)
    return Told(
        delivery=Delivery(message_id=body, body=body, receipt="", sent=sent), content=read_message(body)
    )


def put(key: str, sequencer: str, second: int) -> Told:
    return told(object_created(key=key, object={"sequencer": sequencer}, time=f"2026-11-12T00:00:0{second}Z"))


def test_changes_come_by_their_time():
    early, late = put("b", "1", 1), put("a", "2", 2)

    assert in_order([late, early]) == [early, late]


def test_versions_of_one_object_come_as_s3_wrote_them_even_within_a_second():
    versions = [put("a", f"00617F08299329D1{number:02X}", 1) for number in range(20)]

    assert in_order(reversed(versions)) == versions


def test_sequencers_are_compared_as_if_the_shorter_ended_in_zeros():
    first, second = put("a", "0061", 1), put("a", "00617F", 1)

    assert in_order([second, first]) == [first, second]


def test_what_s3_says_of_one_object_is_truer_than_the_clock_and_moves_no_other():
    first, other, second = put("a", "1", 2), put("b", "9", 1), put("a", "2", 0)

    assert in_order([second, first, other]) == [first, other, second]


def test_a_request_has_the_time_at_which_the_queue_got_it():
    before, change, after = told({"name": "a"}, 0), put("a", "1", 1), told({"name": "b"}, 1794441602000)

    assert in_order([after, change, before]) == [before, change, after]
