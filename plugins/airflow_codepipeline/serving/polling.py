"""What a worker does when polling has found something: starts executions, and says what cannot be read.

What was seen is written down before anything starts, and what has started is crossed out afterwards. A start
that is repeated after a crash has the same token, so Airflow refuses it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.definition.change_detection import is_polled
from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.errors import ActionError, DefinitionError
from airflow_codepipeline.execution.polling import token_of
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.start import Trigger, revision_types, source_actions
from airflow_codepipeline.serving.poll_records import ABOUT, to_text, variable_key
from airflow_codepipeline.serving.polled_sources import source_key
from airflow_codepipeline.serving.starting import NotStartedError, start_from_task
from airflow_codepipeline.settings import definition_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from airflow_codepipeline.definition.model import Action, Pipeline
    from airflow_codepipeline.execution.polling import Seen
    from airflow_codepipeline.serving.poll_records import News

log = logging.getLogger(__name__)


@dataclass
class Outcome:
    """What could not be done.

    :param problems: what somebody has to see to, one sentence each.
    :param waiting: what is to be tried again, one sentence each.
    """

    problems: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)


def carry_out(folder: Path, news: Iterable[News]) -> Outcome:
    """Start one execution for each pipeline whose source has changed, and remember it.

    :param folder: the definitions.
    """
    outcome = Outcome()
    for item in news:
        if item.message:
            outcome.problems.append(f"{item.seen.source} cannot be read: {item.message}")
        _remember(item.key, item.seen)
        waiting = tuple(
            pipeline for pipeline in item.seen.waiting if not _started(folder, pipeline, item, outcome)
        )
        if waiting != item.seen.waiting:
            _remember(item.key, msgspec.structs.replace(item.seen, waiting=waiting))
    for sentence in (*outcome.problems, *outcome.waiting):
        log.error("%s", sentence)
    return outcome


def _remember(key: str, seen: Seen) -> None:
    from airflow.sdk import Variable

    Variable.set(variable_key(key), to_text(seen), description=ABOUT)


def _started(folder: Path, name: str, item: News, outcome: Outcome) -> bool:
    """Start a pipeline, if it still takes the source; tell whether nothing is left to be done."""
    seen = item.seen
    try:
        path = definition_of(folder, name)
        pipeline = read_pipeline(path, check=False) if path else None
        actions = _that_take(item.key, pipeline) if pipeline else []
        if pipeline is None or not actions:
            log.info("%s does not take %s any more and is not started", name, seen.source)
            return True
        started = start_from_task(
            pipeline,
            token=token_of(item.key, seen),
            trigger=Trigger(trigger_type="PollForSourceChanges", trigger_detail=seen.source),
            source_revisions=[
                {
                    "actionName": action.name,
                    "revisionType": revision_types(action)[0],
                    "revisionValue": seen.revision,
                }
                for action in actions
            ],
        )
    except Refusal as error:
        outcome.problems.append(f"{name} was not started with {seen.revision} of {seen.source}: {error}")
        return True
    except (NotStartedError, DefinitionError, OSError) as error:
        outcome.waiting.append(f"{name} waits to be started with {seen.revision} of {seen.source}: {error}")
        return False
    how = "Started" if started.anew else "Had started"
    log.info("%s %s with %s of %s: %s", how, name, seen.revision, seen.source, started.execution_id)
    return True


def _that_take(key: str, pipeline: Pipeline) -> list[Action]:
    return [
        action
        for action in source_actions(pipeline).values()
        if is_polled(action) and _takes(key, pipeline, action)
    ]


def _takes(key: str, pipeline: Pipeline, action: Action) -> bool:
    try:
        return source_key(pipeline, action) == key
    except ActionError:
        return False
