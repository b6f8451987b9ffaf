"""What polling keeps of a source, look by look."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from airflow_codepipeline.execution.polling import Look, Seen, after, token_of

SOURCE = "s3://b/k"
WHO = ("web", "api")


def looks(*revisions, seen=None):
    """Look, one revision after the other, and let a worker start all that waits each time; the starts."""
    starts = []
    for revision in revisions:
        look = Look(revision=revision) if revision else Look(problem="RevisionUnavailable", message="none")
        seen = after(seen, look, source=SOURCE, pipelines=WHO)
        starts += [(pipeline, token_of("0f", seen)) for pipeline in seen.waiting]
        seen = Seen(source=seen.source, revision=seen.revision, number=seen.number, problem=seen.problem)
    return starts


def revisions_of(starts, pipeline="web"):
    return [token for name, token in starts if name == pipeline]


def test_what_is_seen_first_starts_nothing():
    assert looks("A") == []
    assert looks("A", "A", "A") == []


def test_a_change_starts_every_pipeline_once():
    starts = looks("A", "B", "B")

    assert [pipeline for pipeline, _ in starts] == ["api", "web"]
    assert len({token for _, token in starts}) == 1


def test_a_revision_that_comes_back_starts_again():
    tokens = revisions_of(looks("A", "B", "A", "B"))

    assert len(tokens) == len(set(tokens)) == 3


def test_something_where_there_was_nothing_is_a_change_and_its_return_is_none():
    assert len(revisions_of(looks(None, "A"))) == 1
    assert len(revisions_of(looks("A", None, "A"))) == 0
    assert len(revisions_of(looks("A", None, "B"))) == 1


def test_a_problem_is_kept_until_the_source_can_be_read_again():
    seen = after(None, Look(revision="A"), source=SOURCE, pipelines=WHO)
    seen = after(seen, Look(problem="AccessDenied"), source=SOURCE, pipelines=WHO)
    assert (seen.revision, seen.problem, seen.waiting) == ("A", "AccessDenied", ())

    assert after(seen, Look(revision="A"), source=SOURCE, pipelines=WHO).problem is None


def test_a_crash_at_any_moment_repeats_the_same_starts_or_goes_on_to_the_next_change():
    seen = after(None, Look(revision="A"), source=SOURCE, pipelines=WHO)
    change = after(seen, Look(revision="B"), source=SOURCE, pipelines=WHO)

    # Before it was written down: the next look finds the same change.
    assert after(seen, Look(revision="B"), source=SOURCE, pipelines=WHO) == change
    # After it was written down: whoever waits still does, under the same token.
    again = after(change, Look(revision="B"), source=SOURCE, pipelines=WHO)
    assert again == change
    assert token_of("0f", again) == token_of("0f", change)
    # The source has gone back meanwhile: that is a change of its own.
    back = after(change, Look(revision="A"), source=SOURCE, pipelines=WHO)
    assert back.waiting == change.waiting
    assert token_of("0f", back) != token_of("0f", change)


def test_a_token_is_one_that_a_start_takes():
    seen = Seen(source=SOURCE, revision="r" * 1024, number=10**9)

    assert re.fullmatch(r"[A-Za-z0-9-]{1,128}", token_of("0" * 16, seen))


@given(st.lists(st.sampled_from(["A", "B", "C", None]), max_size=30))
def test_there_is_one_start_for_each_change_and_the_last_one_is_of_what_is_there(found):
    """Compared with a plain count of the changes among what was there."""
    there = [revision for revision in found if revision]
    first_is_seen = bool(found) and found[0] is not None
    changes = sum(1 for old, new in zip([None, *there], there, strict=False) if old != new)

    tokens = revisions_of(looks(*found))

    assert len(tokens) == len(set(tokens)) == changes - first_is_seen
