"""An Airflow of its own on PostgreSQL, with the pipelines and DAGs that are measured on it."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.hammer.database import database

from airflow_codepipeline.local.airflow_client import AirflowClient
from airflow_codepipeline.local.airflow_server import AirflowServer, free_port
from benchmarks.workshop import DAG_FILE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HOP, GATES, APPROVALS = "hop", "waits-at-gates", "waits-for-approvals"
STAGES = 4
_PLUGIN = """
from airflow_codepipeline.actions.registry import PROVIDERS

for category in ("Source", "Test"):
    PROVIDERS[f"{category}/Custom/Instant/1"] = "benchmarks.engine.instant:InstantProvider"
"""
_SETTINGS = {
    "AIRFLOW__CORE__PARALLELISM": "8",
    # All that waits is measured in one triggerer.
    "AIRFLOW__TRIGGERER__CAPACITY": "1000",
    "PYTHONPATH": f"{ROOT / 'plugins'}:{ROOT}",
}


@dataclass(frozen=True, kw_only=True)
class RunningAirflow:
    """Airflow's processes, a user of it, and its database.

    :param database: a cursor of psycopg2 that sees every change at once.
    """

    server: AirflowServer
    client: AirflowClient
    database: Any

    def rows(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        self.database.execute(query, arguments)
        return list(self.database.fetchall())


@contextmanager
def running_airflow(folder: Path) -> Iterator[RunningAirflow]:
    """Start it; stop it and drop its database afterwards."""
    import psycopg2

    _write_project(folder / "project")
    with ExitStack() as stack:
        connection = stack.enter_context(database("postgresql"))
        [address] = connection.values()
        server = AirflowServer(
            home=folder / "airflow",
            project=folder / "project",
            port=free_port(9180),
            environment=_SETTINGS | connection,
        )
        stack.callback(server.stop)
        server.start()
        link = psycopg2.connect(address.replace("+psycopg2", ""))
        stack.callback(link.close)
        link.autocommit = True
        airflow = RunningAirflow(server=server, client=AirflowClient.of(server), database=link.cursor())
        for dag_id in (HOP, GATES, APPROVALS, "by-hand-deferrable", "by-hand-poking"):
            while not airflow.client.dag_exists(dag_id):
                time.sleep(1)
        yield airflow


def _write_project(folder: Path) -> None:
    for name in ("dags", "plugins", "include/pipelines"):
        (folder / name).mkdir(parents=True)
    shutil.copy(DAG_FILE, folder / "dags")
    shutil.copy(Path(__file__).with_name("by_hand.py"), folder / "dags")
    (folder / "plugins" / "instant_plugin.py").write_text(_PLUGIN)
    acts = [_action(f"Act{number}", "Test", "Custom", "Instant") for number in range(1, STAGES)]
    for declaration in (
        _declaration(HOP, "SUPERSEDED", acts),
        _declaration(GATES, "QUEUED", acts[:1]),
        _declaration(APPROVALS, "PARALLEL", [_action("Ask", "Approval", "AWS", "Manual")]),
    ):
        path = folder / "include" / "pipelines" / f"{declaration['name']}.json"
        path.write_text(json.dumps(declaration, indent=2))


def _declaration(name: str, mode: str, actions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    stages = [_action("Act0", "Source", "Custom", "Instant"), *actions]
    return {
        "name": name,
        "pipelineType": "V2",
        "executionMode": mode,
        "roleArn": "arn:aws:iam::000000000000:role/benchmark",
        "artifactStore": {"type": "S3", "location": "benchmark-artifacts"},
        "airflow": {"region": "us-east-1", "max_active_runs": 1000},
        "stages": [{"name": f"Stage{number}", "actions": [one]} for number, one in enumerate(stages)],
    }


def _action(name: str, category: str, owner: str, provider: str) -> dict[str, Any]:
    kind = {"category": category, "owner": owner, "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind}
