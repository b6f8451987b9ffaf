"""What a worker does with messages of the event queue: starts what they want, then removes them.

A message is removed when all its starts are accepted, and not before. Whatever ends the worker in between,
the message comes again, and the executions that it had started are not started twice: their run ids are made
from it. What cannot be started is left, for the queue to deliver again and then to put aside.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

from airflow_codepipeline.changes.change import Change, Nothing, UnreadableMessageError
from airflow_codepipeline.changes.matching import start_of_request, starts_of_change
from airflow_codepipeline.changes.message import read_message
from airflow_codepipeline.changes.order import Told, in_order
from airflow_codepipeline.dag.identity import region_or_none
from airflow_codepipeline.errors import ActionError, CodePipelineError
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.serving.starting import NotStartedError, start_from_task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow_codepipeline.changes.delivery import Delivery
    from airflow_codepipeline.changes.matching import WantedStart
    from airflow_codepipeline.serving.definitions_at_hand import DefinitionsAtHand

log = logging.getLogger(__name__)


class Queue(Protocol):
    """Where messages come from: `aws.event_queue.EventQueue`."""

    def receive(self, *, wait: int) -> list[Delivery]:
        """Return some messages."""

    def delete(self, delivery: Delivery) -> None:
        """Remove a message for good."""


class LeftError(CodePipelineError):
    """Something that a message wants was not started, so the message stays in the queue."""


def dispatch(queue: Queue, deliveries: Iterable[Delivery], definitions: DefinitionsAtHand) -> list[str]:
    """Start what messages want, in the order of the changes.

    :param deliveries: of one message several times at most the last.
    :return: why messages were left, one sentence each.
    """
    left: list[str] = []
    for told in in_order(_readable(deliveries, left)):
        try:
            _start_all(told, definitions)
            queue.delete(told.delivery)
        except (LeftError, ActionError) as error:
            left.append(f"{told}: {error}")
    for reason in left:
        log.error("A message stays in the queue. %s", reason)
    return left


def _readable(deliveries: Iterable[Delivery], left: list[str]) -> Iterator[Told]:
    for delivery in deliveries:
        try:
            yield Told(delivery=delivery, content=read_message(delivery.body))
        except UnreadableMessageError as error:
            left.append(f"Message {delivery.message_id}: {error}")


def _start_all(told: Told, definitions: DefinitionsAtHand) -> None:
    """Start every execution that a message wants; one that cannot be started does not stop the others.

    :raises LeftError: not all were started.
    """
    reasons: list[str] = []
    for wanted in _wanted(told, definitions):
        name = wanted.pipeline.name
        try:
            started = start_from_task(
                wanted.pipeline,
                token=wanted.token,
                trigger=wanted.trigger,
                variables=wanted.variables,
                source_revisions=wanted.source_revisions,
            )
        except (Refusal, NotStartedError) as error:
            reasons.append(f"{name} was not started: {error}")
        else:
            what = "started" if started.anew else "had been started before"
            log.info("%s: %s, execution %s", wanted.trigger.trigger_detail, what, started.execution_id)
    if definitions.unreadable and isinstance(told.content, Change):
        files = ", ".join(path.name for path in definitions.unreadable)
        reasons.append(f"Whether it starts what stands in {files} is not known: that cannot be read.")
    if reasons:
        raise LeftError(" ".join(reasons))


def _wanted(told: Told, definitions: DefinitionsAtHand) -> list[WantedStart]:
    content = told.content
    if isinstance(content, Nothing):
        log.info("Event %s starts nothing: %s.", content.event_id, content.reason)
        return []
    if isinstance(content, Change):
        return _of_change(content, definitions)
    pipeline = definitions.pipelines.get(content.name)
    if pipeline is None:
        raise LeftError(f"There is no pipeline {content.name!r}.")
    return [start_of_request(content, pipeline, delivery=told.delivery.message_id)]


def _of_change(change: Change, definitions: DefinitionsAtHand) -> list[WantedStart]:
    wanted = list(starts_of_change(change, definitions.pipelines.values(), region_or_none))
    if not wanted:
        log.info("%s starts nothing: no source action takes it.", change)
    return wanted
