"""The definitions of a folder as they are now, for something that goes on for weeks.

Only what has changed is read again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from airflow_codepipeline.dag.definition_pin import stamp_of
from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.definition.variables_file import variables_path
from airflow_codepipeline.errors import CodePipelineError
from airflow_codepipeline.settings import definition_files

if TYPE_CHECKING:
    from pathlib import Path

    from airflow_codepipeline.dag.definition_pin import Stamp
    from airflow_codepipeline.definition.model import Pipeline

log = logging.getLogger(__name__)


class LiveDefinitions:
    """The pipelines of a folder. A definition that has just been broken counts as it was before.

    :param folder: the definitions.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamps: dict[Path, Stamp] = {}
        self._pipelines: dict[Path, Pipeline] = {}

    @property
    def pipelines(self) -> tuple[Pipeline, ...]:
        """The pipelines as they were at the last look."""
        return tuple(self._pipelines.values())

    def look(self) -> bool:
        """Read what has changed since the last look; tell whether anything has.

        :raises FileNotFoundError: there is no such folder here.
        """
        if not self._folder.is_dir():
            raise FileNotFoundError(
                f"The triggerer has no folder {self._folder}, where polling reads definitions. Give it the "
                "DAG folder that the DAG processor has."
            )
        values = variables_path(self._folder / "any.yaml")
        stamps = {path: stamp_of(path, values) for path in definition_files(self._folder)}
        changed = [path for path, stamp in stamps.items() if stamp != self._stamps.get(path)]
        gone = self._stamps.keys() - stamps.keys()
        for path in gone:
            self._pipelines.pop(path, None)
        for path in changed:
            self._read(path)
        self._stamps = stamps
        return bool(changed or gone)

    def _read(self, path: Path) -> None:
        try:
            self._pipelines[path] = read_pipeline(path)
        except (CodePipelineError, OSError) as error:
            log.warning("The definition %s cannot be used: %s", path, error)
