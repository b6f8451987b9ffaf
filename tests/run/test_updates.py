"""What becomes of executions whose definition changes: on Airflow's own bundle, and on snapshots."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from airflow_codepipeline.dag.names import OWN_TASKS
from airflow_codepipeline.execution.records import CANCELLED
from airflow_codepipeline.execution.status import UNDER_WAY
from airflow_codepipeline.service.read_actions import WAITS_FOR_ANSWER
from fixtures.airflow_run import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fixtures.airflow_run import Airflow, Run

pytestmark = pytest.mark.slow

DEFINITIONS = Path(__file__).parents[1] / "data" / "updates"


class Updated:
    """A pipeline of a test's own, whose definition changes."""

    def __init__(self, airflow: Airflow, name: str, folder: Path, *, cancels: bool) -> None:
        self.airflow = airflow
        self.name = name
        self._folder = folder
        self._extension = {"airflow": {"on_update": "cancel"}} if cancels else {}
        self._runs: list[Run] = []
        self.define("before")
        airflow.wait_until_known(name)

    def define(self, version: str, *, without: str | None = None, **changes: Any) -> None:
        """Write a definition, all of it but one stage; the whole file appears at once."""
        declaration = yaml.safe_load((DEFINITIONS / f"{version}.yaml").read_text())
        declaration |= {"name": self.name} | self._extension | changes
        declaration["stages"] = [stage for stage in declaration["stages"] if stage["name"] != without]
        written = self._folder / f".{self.name}"
        written.write_text(yaml.safe_dump(declaration))
        written.rename(self._folder / f"{self.name}.yaml")

    def update(self, version: str, **changes: Any) -> None:
        """Change the definition, and wait until Airflow has taken notice."""
        known = self._versions()
        self.define(version, **changes)
        wait_until(lambda: self._versions() > known, self.airflow.client.import_errors)

    def _versions(self) -> int:
        return int(self.airflow.call("GET", f"/dags/{self.name}/dagVersions")["total_entries"])

    def start(self) -> Run:
        """Start an execution."""
        self._runs.append(self.airflow.start(self.name))
        return self._runs[-1]

    def close(self) -> None:
        """End what a test that failed has left."""
        for run in self._runs:
            if run.state() not in {"success", "failed"}:
                run.end()
        (self._folder / f"{self.name}.yaml").unlink()


@pytest.fixture
def pipeline(airflow_server: Airflow) -> Iterator[Callable[..., Updated]]:
    made: list[Updated] = []

    def make(name: str, *, kept: bool, cancels: bool = False) -> Updated:
        folder = airflow_server.kept_pipelines if kept else airflow_server.pipelines
        assert folder is not None
        made.append(Updated(airflow_server, name, folder, cancels=cancels))
        return made[-1]

    yield make
    for updated in made:
        updated.close()


def asked(run: Run, task_id: str) -> str:
    """Of which definition an approval is."""
    return str(run.wait_for_question(task_id)["body"]).split()[0]


def cancelled(run: Run, stage: str) -> str:
    """Why the execution was cancelled: in front of a stage, or in it."""
    record = run.xcom(f"{stage}.enter", CANCELLED) or run.xcom(f"{stage}.exit", CANCELLED)
    return "" if record is None else str(record["reason"])


def begun(run: Run) -> set[str]:
    """The actions that have begun; one that refused has not."""
    return {
        task
        for task, state in run.states().items()
        if task.partition(".")[2] not in OWN_TASKS and (state == "success" or state in UNDER_WAY)
    }


def needed_versions(airflow: Airflow) -> set[str]:
    """The versions whose snapshots the DAG processor keeps, since executions need them."""
    program = (
        "from airflow_codepipeline.dag.snapshot_bundle import _unfinished_versions as versions;"
        "print('needed', *versions())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=airflow.server.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_an_execution_on_snapshots_ends_with_the_stages_actions_and_texts_it_began_with(pipeline):
    updated = pipeline("updates-kept", kept=True)
    run = updated.start()
    assert asked(run, "Build.Hold") == "before"
    before = set(run.states())

    updated.update("after")
    version = updated.airflow.call("GET", run.path)["bundle_version"]
    assert version in needed_versions(updated.airflow)
    run.answer("Build.Hold", "Approve", "")
    assert asked(run, "Build.Then") == "before"
    run.answer("Build.Then", "Approve", "")
    assert asked(run, "Release.Decide") == "before"
    run.answer("Release.Decide", "Approve", "")

    assert run.wait_until_ended() == "success"
    assert set(run.states()) == before
    assert version not in needed_versions(updated.airflow)
    later = updated.start()
    assert asked(later, "Build.Also") == "after"
    assert "Build.Then" not in later.states()


@pytest.mark.parametrize(("kept", "cancels"), [(False, False), (True, True)], ids=["local", "cancel"])
def test_where_definitions_are_not_kept_the_action_in_progress_ends_and_nothing_new_begins(
    pipeline, kept, cancels
):
    updated = pipeline(f"updates-structure-{kept:d}", kept=kept, cancels=cancels)
    run = updated.start()
    assert asked(run, "Build.Hold") == "before"

    updated.update("after")
    run.answer("Build.Hold", "Approve", "")
    run.wait_until_ended()

    assert run.states()["Build.Hold"] == "success"
    assert begun(run) == {"Source.Code", "Build.Hold"}
    reasons = [cancelled(run, stage) for stage in ("Build", "Test", "Release")]
    assert any(f"The definition of {updated.name} changed while this execution" in why for why in reasons)


@pytest.mark.parametrize(("kept", "cancels"), [(False, False), (True, True)], ids=["local", "cancel"])
def test_where_definitions_are_not_kept_an_action_with_a_new_configuration_refuses(pipeline, kept, cancels):
    updated = pipeline(f"updates-text-{kept:d}", kept=kept, cancels=cancels)
    run = updated.start()
    assert asked(run, "Build.Hold") == "before"

    updated.update("before", executionMode="SUPERSEDED")
    run.answer("Build.Hold", "Approve", "")

    assert run.wait_until_ended() == "failed"
    assert run.states()["Build.Then"] == "failed"
    assert run.states()["Release.enter"] == "upstream_failed"
    assert cancelled(run, "Build").startswith(
        f"The definition of {updated.name} changed while this execution was in Build."
    )
    assert f"Cancelled: {cancelled(run, 'Build')}" in run.log("Build.Then")


@pytest.mark.parametrize(("kept", "cancels"), [(False, False), (True, True)], ids=["local", "cancel"])
def test_where_definitions_are_not_kept_a_waiting_execution_is_cancelled(pipeline, kept, cancels):
    updated = pipeline(f"updates-waiting-{kept:d}", kept=kept, cancels=cancels)
    ahead, behind = updated.start(), updated.start()
    assert asked(ahead, "Build.Hold") == "before"
    behind.wait_for_trigger("Build.enter")

    updated.update("before", executionMode="SUPERSEDED")

    assert behind.wait_until_ended() == "success"
    assert behind.states()["Build.enter"] == "skipped"
    assert begun(behind) == {"Source.Code"}
    assert cancelled(behind, "Build").startswith(
        f"The definition of {updated.name} changed while this execution waited for Build."
    )
    assert ahead.states()["Build.Hold"] in WAITS_FOR_ANSWER


@pytest.mark.parametrize(("kept", "cancels"), [(False, False), (True, True)], ids=["local", "cancel"])
def test_where_definitions_are_not_kept_an_execution_whose_last_stage_is_removed_is_cancelled(
    pipeline, kept, cancels
):
    updated = pipeline(f"updates-removed-{kept:d}", kept=kept, cancels=cancels)
    run = updated.start()
    run.answer("Build.Hold", "Approve", "")
    assert asked(run, "Build.Then") == "before"

    updated.update("before", without="Release")
    run.answer("Build.Then", "Approve", "")

    assert run.wait_until_ended() == "success"
    assert begun(run) == {"Source.Code", "Build.Hold", "Build.Then"}
    assert f"The definition of {updated.name} changed" in cancelled(run, "Build")
    assert str(updated.airflow.call("GET", run.path)["note"]).startswith(
        "CodePipeline: Cancelled at Build: The definition of"
    )
