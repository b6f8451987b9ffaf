"""The folder in which the programs run: the definitions, and an Airflow home that nobody else uses."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.clock import Program
from benchmarks.definitions import pipeline_names, write_dag_factory, write_definitions

ROOT = Path(__file__).parents[1]
DAG_FILE = ROOT / "dags" / "codepipelines.py"
SAMPLES = ROOT / "include" / "pipelines"
DAG_FACTORY_PYTHON = ROOT / ".local" / "bench-venv" / "bin" / "python"
_OF_THE_USER = ("AIRFLOW", "AWS_", "CODEPIPELINE_", "PYTHON", "_AIRFLOW")


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """What is measured, ready to run.

    :param count: how many pipelines there are.
    """

    folder: Path
    count: int

    def prepare(self) -> None:
        """Write the definitions."""
        names = pipeline_names(self.count)
        for suffix in (".json", ".yaml"):
            write_definitions(self.definitions(suffix), names, suffix)
        for all_tasks in (False, True):
            write_dag_factory(self._dag_factory_file(all_tasks=all_tasks), names, all_tasks=all_tasks)

    def definitions(self, suffix: str) -> Path:
        """Return the folder of the definitions in one format."""
        return self.folder / suffix.removeprefix(".") / "pipelines"

    def whole_parses(self) -> dict[str, Program]:
        """Return the programs that build all DAGs, and the one that builds none."""
        names = tuple(pipeline_names(self.count))
        return {
            "bare": self._program("bare_imports"),
            "loop": self._program("loop_of_actions", *names),
            "full loop": self._program("loop_of_all_tasks", *names),
            "json": self._ours("our_dags", ".json", str(DAG_FILE)),
            "yaml": self._ours("our_dags", ".yaml", str(DAG_FILE)),
            "dag-factory": self._dag_factory(all_tasks=False),
            "full dag-factory": self._dag_factory(all_tasks=True),
        }

    def task_start(self, suffix: str) -> Program:
        """Return the program that reads the DAG file as a task does which starts."""
        wanted = pipeline_names(self.count)[self.count // 2]
        folder = str(self.definitions(suffix))
        return self._ours("task_start", suffix, str(DAG_FILE), folder, _AIRFLOW_PARSING_CONTEXT_DAG_ID=wanted)

    def callback_parse(self) -> Program:
        """Return the program that parses the DAG file because a gate has ended."""
        ended = pipeline_names(self.count)[self.count // 2]
        return self._ours("callback_parse", ".json", str(DAG_FILE), ended)

    def plugin_import(self) -> Program:
        """Return the program that imports the plugin."""
        return self._program("plugin_import", str(ROOT / "plugins"))

    def sample_modules(self) -> Program:
        """Return the program that builds the samples and tells what that imported."""
        return self._program("sample_modules", str(SAMPLES))

    def serialised(self, seed: int) -> Program:
        """Return the program that serialises the samples, under a hash seed."""
        return self._program("serialised", str(SAMPLES), PYTHONHASHSEED=str(seed))

    def _dag_factory_file(self, *, all_tasks: bool) -> Path:
        return self.folder / f"dag-factory-{'all-tasks' if all_tasks else 'actions'}.yaml"

    def _dag_factory(self, *, all_tasks: bool) -> Program:
        program = self._program("dag_factory_dags", str(self._dag_factory_file(all_tasks=all_tasks)))
        return replace(program, python=DAG_FACTORY_PYTHON)

    def _ours(self, name: str, suffix: str, *arguments: str, **settings: str) -> Program:
        folder = str(self.definitions(suffix))
        return self._program(name, *arguments, CODEPIPELINE_PIPELINES=folder, **settings)

    def _program(self, name: str, *arguments: str, **settings: str) -> Program:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(_OF_THE_USER)}
        environment |= {
            "AIRFLOW_HOME": str(self.folder / "home"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            # dag-factory reports its use to its makers unless it is told not to.
            "DO_NOT_TRACK": "1",
        }
        return Program(name=name, arguments=arguments, environment=environment | settings)
