"""The few calls of Airflow's public REST API that a local run needs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.local.airflow_server import AirflowServer

_TIMEOUT = 60.0


class AirflowClient:
    """A user of an Airflow.

    :param url: the address of its API server.
    """

    def __init__(self, *, url: str, user: str, password: str) -> None:
        token = httpx.post(
            f"{url}/auth/token", json={"username": user, "password": password}, timeout=_TIMEOUT
        )
        token.raise_for_status()
        self._http = httpx.Client(
            base_url=f"{url}/api/v2",
            headers={"Authorization": f"Bearer {token.json()['access_token']}"},
            timeout=_TIMEOUT,
        )

    @classmethod
    def of(cls, server: AirflowServer) -> AirflowClient:
        """Log in to a local Airflow."""
        from airflow_codepipeline.local.airflow_server import USER

        return cls(url=server.url, user=USER, password=server.password)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def dag_exists(self, dag_id: str) -> bool:
        """Tell whether Airflow has read a DAG yet."""
        return self._http.get(f"/dags/{dag_id}").status_code == 200

    def import_errors(self) -> dict[str, str]:
        """Return why files could not be read, by file."""
        errors = self._get("/importErrors")["import_errors"]
        return {error["filename"]: error["stack_trace"] for error in errors}

    def start(self, dag_id: str, *, run_id: str, conf: Mapping[str, Any] | None = None) -> None:
        """Start an execution."""
        body = {
            "dag_run_id": run_id,
            "logical_date": datetime.now(UTC).isoformat(),
            "conf": dict(conf or {}),
        }
        self._http.post(f"/dags/{dag_id}/dagRuns", json=body).raise_for_status()

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return the state of a run."""
        return str(self._get(f"/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        """Return the states of a run's tasks, by task id."""
        return {task["task_id"]: task["state"] for task in self.task_instances(dag_id, run_id)}

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return what Airflow says of a run's tasks."""
        answer = self._get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=1000")
        return list(answer["task_instances"])

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """Return an XCom, or none."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/{key}"
        answer = self._http.get(path, params={"deserialize": "true"})
        return answer.json()["value"] if answer.status_code == 200 else None

    def question(self, dag_id: str, run_id: str, task_id: str) -> dict[str, Any] | None:
        """Return what an approval asks, or none where it does not ask (yet)."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails"
        answer = self._http.get(path)
        detail: dict[str, Any] | None = answer.json() if answer.status_code == 200 else None
        return detail

    def answer(self, dag_id: str, run_id: str, task_id: str, *, option: str, comment: str) -> bool:
        """Answer an approval; false where somebody else was first."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails"
        answer = self._http.patch(
            path, json={"chosen_options": [option], "params_input": {"comment": comment}}
        )
        if answer.status_code == 409:
            return False
        answer.raise_for_status()
        return True

    def _get(self, path: str) -> Any:
        answer = self._http.get(path)
        answer.raise_for_status()
        return answer.json()
