"""Gates of one stage in several triggerers, in very many interleavings."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_codepipeline.dag import open_runs, stage_desk
from airflow_codepipeline.dag.stage_desk import Claim
from unit.dag.stage_world import EXIT, Visit, World

LONG = 60.0
ANY_TIME, SOME_TIME, NEVER = st.floats(0, 30), st.floats(0.1, 20), st.none()
MAYBE_SOON = st.none() | st.floats(0.1, 10)


@pytest.fixture(autouse=True)
def jumping_clock(monkeypatch):
    clock = SimpleNamespace(monotonic=lambda: asyncio.get_running_loop().time() + 1000)
    monkeypatch.setattr(stage_desk, "time", clock)
    monkeypatch.setattr(open_runs, "time", clock)


def visit(number, *, arrives=0.0, stays=LONG, desk=0, **accidents):
    run_id = f"run-{number}"
    order = (f"2026-01-01T00:00:{number:02}+00:00", run_id)
    return Visit(run_id=run_id, order=order, arrives=arrives, stays=stays, desk=desk, **accidents)


@st.composite
def worlds(draw, mode, *, arrives=ANY_TIME, stays=SOME_TIME, cancelled=NEVER, cleared=NEVER, scan=0.0):
    desks = draw(st.integers(1, 3))
    visits = [
        visit(
            number,
            arrives=draw(arrives),
            stays=draw(stays),
            desk=draw(st.integers(0, desks - 1)),
            cancelled=draw(cancelled),
            cleared=draw(cleared),
            begins=draw(ANY_TIME) if scan else None,
        )
        for number in range(draw(st.integers(2, 6)))
    ]
    return World(visits, mode=mode, desks=desks, random=Random(draw(st.integers(0, 2**32))), scan=scan)


def in_many_worlds(mode, **how):
    def decorate(test):
        quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
        return settings(max_examples=200, deadline=None, suppress_health_check=quiet)(
            given(world=worlds(mode, **how))(test)
        )

    return decorate


def assert_sound(world):
    """Never two inside, and nobody lost."""
    stays = sorted(world.stays, key=lambda stay: stay.entered)
    for before, after in pairwise(stays):
        assert before.left <= after.entered, f"{before.run_id} and {after.run_id} are inside\n{world}"
    for each in world.visits.values():
        expected = "success" if each.superseded_by is None else "skipped"
        assert each.tasks[EXIT] == expected, f"{each.run_id} is lost\n{world}"


@in_many_worlds("QUEUED")
def test_queued_executions_all_go_in_one_at_a_time(world):
    world.run()

    assert_sound(world)
    assert sorted(world.entered) == sorted(world.visits)


@in_many_worlds("QUEUED", arrives=st.integers(0, 4).map(float))
def test_of_two_queued_executions_the_older_goes_first_if_it_was_there_before_the_newer_came(world):
    world.run()

    entered = [world.visits[run_id] for run_id in world.entered]
    for place, first in enumerate(entered):
        for second in entered[place + 1 :]:
            assert not (second.order < first.order and second.arrived < first.arrives), str(world)


@in_many_worlds("SUPERSEDED")
def test_superseding_executions_go_in_one_at_a_time_and_the_newest_is_among_them(world):
    world.run()

    assert_sound(world)
    assert max(world.visits) in world.entered, str(world)


@in_many_worlds("SUPERSEDED")
def test_an_execution_is_superseded_only_by_a_newer_one(world):
    world.run()

    for each in world.visits.values():
        if each.superseded_by:
            assert world.visits[each.superseded_by].order > each.order, str(world)


@in_many_worlds("SUPERSEDED", arrives=st.floats(0, 5), stays=st.just(LONG))
def test_of_a_burst_the_first_that_goes_in_and_the_newest_are_left(world):
    world.run()

    assert len(world.entered) <= 2, str(world)
    assert world.entered[-1] == max(world.visits), str(world)


@in_many_worlds("SUPERSEDED", arrives=st.just(0.0), stays=st.just(LONG))
def test_of_a_burst_at_one_moment_two_at_most_are_left_and_the_newest_is_one_of_them(world):
    world.run()

    assert len(world.entered) <= 2, str(world)
    assert world.entered[-1] == max(world.visits), str(world)


@pytest.mark.parametrize("desks", [1, 2, 3])
@pytest.mark.parametrize("seed", range(10))
def test_of_a_burst_in_the_order_of_start_exactly_the_oldest_and_the_newest_are_left(desks, seed):
    visits = [visit(number, arrives=2.0 * number, desk=number % desks) for number in range(8)]
    world = World(visits, mode="SUPERSEDED", desks=desks, random=Random(seed))

    world.run()

    assert world.entered == ["run-0", "run-7"], str(world)


@pytest.mark.parametrize("desks", [1, 2, 3])
@pytest.mark.parametrize("seed", range(10))
def test_queued_executions_in_the_order_of_start_go_in_in_that_order(desks, seed):
    visits = [visit(number, arrives=2.0 * number, desk=number % desks) for number in range(8)]
    world = World(visits, mode="QUEUED", desks=desks, random=Random(seed))

    world.run()

    assert world.entered == [f"run-{number}" for number in range(8)], str(world)


@pytest.mark.parametrize(("mode", "expected"), [("QUEUED", range(8)), ("SUPERSEDED", (0, 7))])
@pytest.mark.parametrize("desks", [1, 2])
@pytest.mark.parametrize("seed", range(10))
def test_of_executions_that_start_at_once_nobody_overtakes_another_whose_gate_is_slow(
    mode, expected, desks, seed
):
    chance = Random(seed)
    visits = [
        replace(visit(number, arrives=0.001 * number, desk=number % desks), starting=chance.uniform(0, 4))
        for number in range(8)
    ]
    world = World(visits, mode=mode, desks=desks, random=chance)

    world.run()

    assert world.entered == [f"run-{number}" for number in expected], str(world)


@in_many_worlds("QUEUED", arrives=st.floats(0, 5), cancelled=MAYBE_SOON)
def test_a_cancelled_gate_of_a_queued_execution_stops_nobody(world):
    world.run()

    assert_sound(world)


@in_many_worlds("SUPERSEDED", arrives=st.floats(0, 5), cancelled=MAYBE_SOON)
def test_a_cancelled_gate_of_a_superseding_execution_stops_nobody(world):
    world.run()

    assert_sound(world)


@in_many_worlds("QUEUED", arrives=st.floats(0, 5), cancelled=MAYBE_SOON, cleared=MAYBE_SOON)
def test_a_queued_execution_that_is_cleared_inside_comes_again_and_stops_nobody(world):
    world.run()

    assert_sound(world)


@in_many_worlds("SUPERSEDED", arrives=st.floats(0, 5), cancelled=MAYBE_SOON, cleared=MAYBE_SOON)
def test_a_superseding_execution_that_is_cleared_inside_comes_again_and_stops_nobody(world):
    world.run()

    assert_sound(world)


@pytest.mark.parametrize("seed", range(10))
def test_a_newer_execution_that_is_cleared_and_an_older_one_that_waits_do_not_block_each_other(seed):
    """The older one has the desk's lock, and waits for what the newer one, which wants it, announced."""
    visits = [
        visit(0, arrives=5.0, stays=5.0, desk=1),
        visit(1, arrives=0.0, stays=5.0, desk=0, cleared=10.0),
    ]
    world = World(visits, mode="QUEUED", desks=2, random=Random(seed))

    world.run()

    assert_sound(world)


@pytest.mark.parametrize("cancelled", [2.0, 2.5, 3.0])
@pytest.mark.parametrize("seed", range(10))
def test_a_gate_that_is_cancelled_after_it_announced_itself_does_not_block_an_older_one(seed, cancelled):
    """The same in one triggerer."""
    visits = [
        visit(0, arrives=1.0, stays=5.0),
        visit(1, arrives=0.0, stays=5.0, cancelled=cancelled),
    ]
    world = World(visits, mode="QUEUED", desks=1, random=Random(seed))

    world.run()

    assert_sound(world)


@pytest.mark.parametrize("desks", [1, 2, 3])
def test_queued_executions_wait_for_a_disabled_transition_and_keep_their_order(desks):
    visits = [visit(number, arrives=2.0 * number, desk=number % desks) for number in range(4)]
    world = World(visits, mode="QUEUED", desks=desks, random=Random(1), opens=100.0)

    world.run()

    assert_sound(world)
    assert world.entered == [f"run-{number}" for number in range(4)], str(world)
    assert min(stay.entered for stay in world.stays) >= world.opens


@pytest.mark.parametrize("desks", [1, 2, 3])
def test_only_the_newest_superseding_execution_is_left_at_a_disabled_transition(desks):
    visits = [visit(number, arrives=2.0 * number, desk=number % desks) for number in range(4)]
    world = World(visits, mode="SUPERSEDED", desks=desks, random=Random(1), opens=100.0)

    world.run()

    assert_sound(world)
    assert world.entered == ["run-3"], str(world)
    assert min(stay.entered for stay in world.stays) >= world.opens


LONG_HISTORY = 4.0


@in_many_worlds("QUEUED", cancelled=MAYBE_SOON, cleared=MAYBE_SOON, scan=LONG_HISTORY)
def test_a_long_history_lets_no_two_queued_executions_in_and_forgets_nobody(world):
    world.run()

    assert_sound(world)


@in_many_worlds("SUPERSEDED", cancelled=MAYBE_SOON, cleared=MAYBE_SOON, scan=LONG_HISTORY)
def test_a_long_history_lets_no_two_superseding_executions_in_and_forgets_nobody(world):
    world.run()

    assert_sound(world)
    assert max(world.visits) in world.entered, str(world)


@in_many_worlds("SUPERSEDED", arrives=st.floats(0, 5), stays=st.just(LONG), scan=LONG_HISTORY)
def test_not_to_know_everybody_is_no_reason_to_be_superseded(world):
    world.run()

    assert len(world.entered) <= 2, str(world)
    assert world.entered[-1] == max(world.visits), str(world)


def arriving_one_by_one(desks, seed):
    visits = [
        visit(number, begins=20.0 * number, arrives=20.0 * number + 1, stays=5.0, desk=number % desks)
        for number in range(20)
    ]
    return World(visits, mode="QUEUED", desks=desks, random=Random(seed), scan=LONG_HISTORY)


@pytest.mark.parametrize("seed", range(5))
def test_a_run_that_is_new_is_no_reason_to_read_a_long_history(seed):
    world = arriving_one_by_one(1, seed)

    world.run()

    assert_sound(world)
    assert world.scans == 0, str(world)


@pytest.mark.parametrize("seed", range(5))
def test_several_triggerers_read_a_long_history_a_few_times_and_tell_each_other(seed):
    visits = [
        visit(number, begins=10.0 * number, arrives=10.0 * number + 1, stays=12.0, desk=number % 2)
        for number in range(20)
    ]
    world = World(visits, mode="QUEUED", desks=2, random=Random(seed), scan=LONG_HISTORY)

    world.run()

    assert_sound(world)
    assert world.scans <= 5, str(world)


@pytest.mark.parametrize("seed", range(10))
def test_runs_that_begin_without_end_stop_nobody(seed):
    """They are new at every look, and do not come to the gate."""
    strangers = [visit(100 + number, begins=3.0 * number, arrives=900.0) for number in range(100)]
    visits = [visit(number, arrives=2.0 * number, stays=5.0, desk=number % 2) for number in range(3)]
    world = World([*visits, *strangers], mode="QUEUED", desks=2, random=Random(seed), scan=LONG_HISTORY)

    world.run()

    assert world.entered[:3] == ["run-0", "run-1", "run-2"], str(world)
    assert world.stays[2].left < 600, str(world)


@pytest.mark.parametrize("late", [25.0, 35.0, 45.0])
def test_what_the_gate_of_a_hanging_triggerer_says_late_stops_nobody_for_long(late):
    """Its gate came again elsewhere: then its old announcement overwrites the new one."""
    visits = [
        visit(0, arrives=15.0, stays=5.0, desk=0),
        visit(1, arrives=5.0, stays=5.0, desk=1),
        visit(2, arrives=0.0, stays=40.0, desk=1),
    ]
    world = World(visits, mode="QUEUED", desks=2, random=Random(1))
    world.late = (late, "run-1", Claim(order=visits[1].order, entering=True))

    world.run()

    assert_sound(world)
    assert max(stay.left for stay in world.stays) < 120, str(world)
