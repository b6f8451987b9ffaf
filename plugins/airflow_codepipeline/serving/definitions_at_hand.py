"""The pipelines of a folder, for a task that serves all of them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.errors import DefinitionError
from airflow_codepipeline.settings import definition_files, definition_of

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_codepipeline.definition.model import Pipeline

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class DefinitionsAtHand:
    """What a folder has.

    :param pipelines: those that can be read, by name.
    :param unreadable: the definitions that cannot, and so may be of anything.
    """

    pipelines: dict[str, Pipeline]
    unreadable: tuple[Path, ...]


def read_definitions(folder: Path) -> DefinitionsAtHand:
    """Read every definition of a folder; one that cannot be read is logged, and leaves the rest alone.

    What only the checks refuse is read all the same: it says what it takes, and Airflow knows its DAG or not.
    Of two files of one pipeline the one that Airflow takes is read.
    """
    pipelines: dict[str, Pipeline] = {}
    unreadable: list[Path] = []
    for path in definition_files(folder):
        if definition_of(folder, path.stem) != path:
            continue
        try:
            pipeline = read_pipeline(path, check=False)
        except (DefinitionError, OSError) as error:
            log.error("A definition cannot be read: %s: %s", path, error)
            unreadable.append(path)
        else:
            pipelines[pipeline.name] = pipeline
    return DefinitionsAtHand(pipelines=pipelines, unreadable=tuple(unreadable))
