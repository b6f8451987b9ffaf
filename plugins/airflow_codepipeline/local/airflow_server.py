"""An Airflow of our own on this machine: SQLite, four processes, all in one folder."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import psutil

from airflow_codepipeline.errors import CodePipelineError
from airflow_codepipeline.local.trigger_ids import never_use_an_id_twice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

COMPONENTS = ("api-server", "scheduler", "triggerer", "dag-processor")
USER = "admin"
FIRST_PORT = 8080
_LAST_PORT = 65535
_STARTING = 180.0
_STOPPING = 20.0
_LOCKED = 60
_DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


class AirflowServerError(CodePipelineError):
    """Airflow could not be started or did not answer."""


def free_port(first: int = FIRST_PORT) -> int:
    """Return the first port from `first` on that nothing on this machine listens at; any, from 0 on."""
    last = min(first + 99, _LAST_PORT)
    for port in range(first, last + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise AirflowServerError(f"No free port between {first} and {last} on 127.0.0.1.")


class AirflowServer:
    """Airflow's four processes.

    :param home: AIRFLOW_HOME: the database, the logs, the login.
    :param project: the folder that holds `dags/` and `plugins/`.
    :param port: where the UI and the API listen, on 127.0.0.1.
    :param environment: more environment variables for every process.
    :param python: the interpreter that has Airflow; none: this one.
    """

    def __init__(
        self,
        *,
        home: Path,
        project: Path,
        port: int,
        environment: Mapping[str, str],
        python: Path | None = None,
    ) -> None:
        self.home = home
        self._python = str(python or sys.executable)
        self.url = f"http://localhost:{port}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        home.mkdir(parents=True, exist_ok=True)
        self.password = self._secret("password")
        self.environment = self._environment(project, port) | dict(environment)

    def _secret(self, name: str) -> str:
        """Return a secret of this Airflow, made once and kept: what it encrypted must stay readable."""
        path = self.home / f".{name}"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(12 if name == "password" else 32))
        return path.read_text()

    def _environment(self, project: Path, port: int) -> dict[str, str]:
        passwords = self.home / "passwords.json"
        passwords.touch(mode=0o600)
        passwords.write_text(json.dumps({USER: self.password}))
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith("AIRFLOW") and key != "PYTHONDONTWRITEBYTECODE"
        }
        return inherited | {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(project / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(project / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            # A process of Airflow that waits longer than this for another one's write ends.
            _DATABASE: f"sqlite:///{self.home / 'airflow.db'}?timeout={_LOCKED}",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__API__SECRET_KEY": self._secret("secret_key"),
            "AIRFLOW__API_AUTH__JWT_SECRET": self._secret("jwt_secret"),
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "15",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "15",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        }

    def start(self) -> None:
        """Bring the database up to date, start the processes and wait until they are healthy.

        :raises AirflowServerError: one ended, or they did not become healthy; the message names the log.
        """
        self._migrate()
        for component in COMPONENTS:
            self.start_component(component)
        self._wait_until_healthy()

    @property
    def components(self) -> tuple[str, ...]:
        """The names of what was started."""
        return tuple(self._processes)

    def start_component(
        self, component: str, *, name: str | None = None, arguments: Sequence[str] = ()
    ) -> None:
        """Start one of Airflow's processes, in a process group of its own.

        :param name: what it is called here, where there is more than one of its kind.
        """
        name = name or component
        with self._log(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(
                self._command(component, *arguments),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.home,
            )

    def kill_component(self, component: str) -> None:
        """Kill one of the processes and all that it started at once, as a crash would."""
        process = self._processes.pop(component)
        _kill(_with_children(process))
        process.wait()

    def stop(self) -> None:
        """Stop what this object started, and what that started."""
        started = [member for process in self._processes.values() for member in _with_children(process)]
        for process in self._processes.values():
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + _STOPPING
        for process in self._processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()
        _kill(started)
        self._processes.clear()

    def _migrate(self) -> None:
        with self._log("migrate").open("ab") as log:
            done = subprocess.run(
                self._command("db", "migrate"),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                check=False,
            )
        if done.returncode:
            raise AirflowServerError(f"`airflow db migrate` failed; see {self._log('migrate')}.")
        url = self.environment[_DATABASE]
        if url.startswith("sqlite"):
            never_use_an_id_twice(url)

    def _command(self, *arguments: str) -> list[str]:
        return [self._python, "-m", "airflow", *arguments]

    def _log(self, component: str) -> Path:
        return self.home / f"{component}.log"

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + _STARTING
        for health in self._health():
            if all(health.get(part) == "healthy" for part in ("scheduler", "triggerer", "dag_processor")):
                return
            for component, process in self._processes.items():
                if process.poll() is not None:
                    raise AirflowServerError(f"Airflow's {component} ended; see {self._log(component)}.")
            if time.monotonic() > deadline:
                raise AirflowServerError(
                    f"Airflow is not healthy after {_STARTING:.0f} s: {health}; see {self.home}."
                )

    def _health(self) -> Iterator[dict[str, str]]:
        with httpx.Client(base_url=self.url, timeout=10) as client:
            while True:
                try:
                    parts = client.get("/api/v2/monitor/health").json()
                    yield {name: str((part or {}).get("status")) for name, part in parts.items()}
                except (httpx.HTTPError, ValueError):
                    yield {}
                time.sleep(0.5)


def _with_children(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return a process and all below it: a task is in a process group of its own, and `killpg` misses it."""
    try:
        parent = psutil.Process(process.pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
