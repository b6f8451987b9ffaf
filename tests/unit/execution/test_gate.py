"""The gate's decision, in every world of up to four executions at one stage."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, permutations, product

import pytest

from airflow_codepipeline.execution.gate import (
    Enter,
    Presence,
    Superseded,
    Visitor,
    Wait,
    decide,
    steps_back,
)

ORDERS = tuple((f"2026-01-0{day}T00:00:00+00:00", f"run-{day}") for day in range(1, 5))
MODES = ("QUEUED", "SUPERSEDED", "PARALLEL")
STANDINGS = tuple(product(Presence, (False, True)))


def worlds(*, inside_at_most=1):
    """Yield every set of one to four executions, each somewhere, with at most so many inside."""
    for size in range(1, len(ORDERS) + 1):
        for standings in product(STANDINGS, repeat=size):
            if sum(presence is Presence.INSIDE for presence, _ in standings) <= inside_at_most:
                yield [Visitor(order, *standing) for order, standing in zip(ORDERS, standings, strict=False)]


def decisions(mode, world):
    """Yield what each execution that waits decides, seeing the others."""
    for me in world:
        if me.presence is Presence.WAITING:
            yield me, decide(mode, me, [other for other in world if other is not me])


def those(world, presence):
    return [visitor for visitor in world if visitor.presence is presence]


WORLDS = list(worlds())


def test_in_parallel_mode_everybody_enters_at_once():
    for world in worlds(inside_at_most=4):
        assert {type(decision) for _, decision in decisions("PARALLEL", world)} <= {Enter}


@pytest.mark.parametrize("mode", ["QUEUED", "SUPERSEDED"])
def test_nobody_enters_an_occupied_stage(mode):
    for world in WORLDS:
        if those(world, Presence.INSIDE):
            assert not [me for me, decision in decisions(mode, world) if isinstance(decision, Enter)], world


@pytest.mark.parametrize("mode", ["QUEUED", "SUPERSEDED"])
def test_a_free_stage_is_never_left_with_everybody_waiting(mode):
    for world in WORLDS:
        waiting = those(world, Presence.WAITING)
        if waiting and not those(world, Presence.INSIDE):
            assert not all(isinstance(decision, Wait) for _, decision in decisions(mode, world)), world


def test_queued_executions_go_in_the_order_of_their_start():
    for world in WORLDS:
        occupied = those(world, Presence.INSIDE)
        first = min((visitor.order for visitor in those(world, Presence.WAITING)), default=None)
        for me, decision in decisions("QUEUED", world):
            goes = not occupied and me.order == first
            assert isinstance(decision, Enter if goes else Wait), (world, me)


def test_whom_somebody_waits_for_or_gives_way_to_is_there_and_gives_a_reason():
    for world, mode in product(WORLDS, MODES):
        for me, decision in decisions(mode, world):
            others = {other.order: other.presence for other in world if other is not me}
            if isinstance(decision, Wait):
                assert others[decision.behind] is not Presence.ENTERING
            if isinstance(decision, Superseded):
                assert decision.by > me.order
                assert others[decision.by] is not Presence.ENTERING


def test_the_newest_execution_is_never_superseded():
    for world in WORLDS:
        newest = max(visitor.order for visitor in world)
        for me, decision in decisions("SUPERSEDED", world):
            assert not (me.order == newest and isinstance(decision, Superseded)), world


def test_in_front_of_an_occupied_stage_the_newest_alone_goes_on_waiting():
    for world in WORLDS:
        occupants = those(world, Presence.INSIDE)
        waiting = those(world, Presence.WAITING)
        if not occupants or not waiting:
            continue
        patient = [me.order for me, decision in decisions("SUPERSEDED", world) if isinstance(decision, Wait)]
        newest = max(visitor.order for visitor in waiting)
        assert patient == ([newest] if newest > occupants[0].order else []), world


def test_one_that_waited_gives_way_to_a_newer_one_when_the_stage_becomes_free():
    for world in WORLDS:
        if those(world, Presence.INSIDE):
            continue
        newest = max((visitor.order for visitor in those(world, Presence.WAITING)), default=None)
        for me, decision in decisions("SUPERSEDED", world):
            if me.waited:
                assert isinstance(decision, Enter if me.order == newest else Superseded), (world, me)


def test_of_several_that_find_a_free_stage_at_once_the_oldest_enters_and_the_others_wait():
    for world in WORLDS:
        if {(visitor.presence, visitor.waited) for visitor in world} != {(Presence.WAITING, False)}:
            continue
        first, *others = [decision for _, decision in decisions("SUPERSEDED", world)]
        assert first == Enter()
        assert all(isinstance(decision, Wait) for decision in others)


def test_a_decision_does_not_depend_on_the_order_in_which_others_are_seen():
    for world, mode in product(WORLDS[::7], MODES):
        for me in those(world, Presence.WAITING):
            others = [other for other in world if other is not me]
            assert len({decide(mode, me, seen) for seen in permutations(others)}) == 1


def test_of_those_that_announced_at_the_same_moment_the_oldest_alone_goes_on():
    for size in range(1, len(ORDERS) + 1):
        for entering in combinations(ORDERS, size):
            going_on = [
                me for me in entering if not steps_back(me, [other for other in entering if other != me])
            ]
            assert going_on == [min(entering)]


@pytest.mark.parametrize("mode", MODES)
def test_nobody_enters_through_a_disabled_transition(mode):
    for world in WORLDS:
        for me in those(world, Presence.WAITING):
            others = [other for other in world if other is not me]
            assert not isinstance(decide(mode, me, others, disabled=True), Enter), world


def test_at_a_disabled_transition_only_the_newest_that_waits_is_not_superseded():
    for world in WORLDS:
        waiting = those(world, Presence.WAITING)
        if len(waiting) > 1 and not those(world, Presence.INSIDE):
            for me in waiting:
                others = [other for other in world if other is not me]
                decision = decide("SUPERSEDED", me, others, disabled=True)
                newest = me.order == max(visitor.order for visitor in waiting)
                assert isinstance(decision, Wait if newest else Superseded), world


@pytest.mark.parametrize("mode", MODES)
def test_one_that_is_retried_enters_its_free_stage_past_the_transition_and_whoever_waits(mode):
    for world in WORLDS:
        first = those(world, Presence.WAITING)[:1]
        for me in first if not those(world, Presence.INSIDE) else ():
            others = [other for other in world if other is not me]
            again = replace(me, again=True)
            assert decide(mode, again, others, disabled=True) == Enter(), (world, me)


@pytest.mark.parametrize("mode", ["QUEUED", "SUPERSEDED"])
def test_one_that_is_retried_does_not_enter_an_occupied_stage(mode):
    for world in WORLDS:
        for me in those(world, Presence.WAITING) if those(world, Presence.INSIDE) else ():
            others = [other for other in world if other is not me]
            assert decide(mode, replace(me, again=True), others) != Enter(), (world, me)


@pytest.mark.parametrize("disabled", [False, True])
@pytest.mark.parametrize("mode", ["QUEUED", "SUPERSEDED"])
def test_a_rollback_that_answers_a_failure_goes_in_before_whoever_waits_and_costs_nobody_the_place(
    mode, disabled
):
    back = Visitor((f"{ORDERS[0][0]}~", "rollback"), Presence.WAITING, rolls_back=True)
    waiting = [Visitor(order, Presence.WAITING, waited) for order in ORDERS[1:3] for waited in (False, True)]
    for others in combinations(waiting, 1):
        assert decide(mode, back, others, disabled=disabled) == Enter()
        assert decide(mode, others[0], [back], disabled=disabled) in {Wait(back.order), Wait(None)}
        inside = replace(back, presence=Presence.INSIDE)
        assert decide(mode, others[0], [inside], disabled=disabled) == Wait(back.order)


@pytest.mark.parametrize("mode", ["QUEUED", "SUPERSEDED"])
def test_a_rollback_that_answers_a_failure_does_not_follow_what_came_after_that(mode):
    back = Visitor((f"{ORDERS[1][0]}~", "rollback"), Presence.WAITING, rolls_back=True)

    assert decide(mode, back, [Visitor(ORDERS[2], Presence.INSIDE)]) == Superseded(ORDERS[2])
    assert decide(mode, back, [Visitor(ORDERS[0], Presence.INSIDE)]) == Wait(ORDERS[0])


def test_in_queued_mode_who_is_retried_goes_in_before_older_ones_that_wait():
    older, retried = Visitor(ORDERS[0], Presence.WAITING), Visitor(ORDERS[1], Presence.WAITING, again=True)

    for disabled in (False, True):
        assert decide("QUEUED", retried, [older], disabled=disabled) == Enter()
        assert decide("QUEUED", older, [retried], disabled=disabled) == Wait(ORDERS[1])
        entering = replace(retried, presence=Presence.ENTERING)
        assert decide("QUEUED", older, [entering], disabled=disabled) == Wait(ORDERS[1])
    inside = Visitor(ORDERS[2], Presence.INSIDE)
    assert decide("QUEUED", retried, [older, inside]) == Wait(ORDERS[2])
