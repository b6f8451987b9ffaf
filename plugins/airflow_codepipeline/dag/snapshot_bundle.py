"""A DAG bundle on a local folder that keeps what it held: executions end with the definition they began with.

Airflow pins a run to the version of its bundle, structure and code. Its bundle on a local folder has no
versions. This one has: a version is the hash of the DAG folder and of the definitions that belong to it, and
what it names is kept as a snapshot (docs/updates.md).
"""

from __future__ import annotations

import logging
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow import settings
from airflow.configuration import conf
from airflow.dag_processing.bundles import base
from airflow.dag_processing.bundles.base import BaseDagBundle

from airflow_codepipeline.dag.snapshot import DAGS, UNFINISHED, take, use
from airflow_codepipeline.errors import CodePipelineError

if TYPE_CHECKING:
    from collections.abc import Collection

log = logging.getLogger(__name__)

_DAY = 24 * 60 * 60.0


class SnapshotMissingError(CodePipelineError):
    """A task is to run in a version of the bundle that this machine does not have and cannot make."""


class SnapshotDagBundle(BaseDagBundle):
    """Snapshots of a DAG folder, and of the folders of definitions and variables that belong to it.

    :param path: the DAG folder; by default `[core] dags_folder`.
    :param snapshots: the folder that snapshots are kept in, below the bundle's name, to be shared by
        machines that do not share Airflow's bundle storage; by default they are kept there.
    :param refresh_interval: seconds between two looks at the DAG folder; by default as many as Airflow lets
        pass before it reads a DAG file again, `[dag_processor] min_file_process_interval`.
    :param keep_days: how long a snapshot is kept after its last use. What an unfinished execution needs is
        kept beyond that.
    """

    supports_versioning = True

    def __init__(
        self,
        *,
        path: str | None = None,
        snapshots: str | None = None,
        refresh_interval: int | None = None,
        keep_days: float = 30,
        **kwargs: Any,
    ) -> None:
        if refresh_interval is None:
            refresh_interval = conf.getint("dag_processor", "min_file_process_interval")
        super().__init__(refresh_interval=refresh_interval, **kwargs)
        self.origin = Path(path or settings.DAGS_FOLDER)
        self.snapshots = Path(snapshots) / self.name if snapshots else self.base_dir / "snapshots"
        self._keep_seconds = keep_days * _DAY
        self._current: str | None = None

    @property
    def path(self) -> Path:
        """The DAG folder in the snapshot; the folder itself before the bundle is initialised."""
        version = self.version or self._current
        return self.snapshots / version / DAGS if version else self.origin

    def initialize(self) -> None:
        """Make sure that the snapshot is there.

        :raises SnapshotMissingError: a version was asked for that is not here and is not what the folder is.
        """
        if self.version is None:
            self._current = take(self.origin, self.snapshots)
        else:
            self._bring_back(self.version)
            # Airflow removes this folder when it thinks that the version is no longer used; not the snapshot.
            (self.versions_dir / self.version).mkdir(parents=True, exist_ok=True)
        super().initialize()

    def get_current_version(self) -> Any:
        """Return the version that `path` is."""
        version = self.version or self._current or take(self.origin, self.snapshots)
        known: Any = getattr(base, "BundleVersion", None)  # Airflow 3.2 takes the text alone
        return known(version=version) if known else version

    def refresh(self) -> None:
        """Take a snapshot where the folder has changed, and remove what nobody needs any more."""
        before = self._current
        self._current = take(self.origin, self.snapshots)
        if before != self._current:
            self._remove_old()

    def _bring_back(self, version: str) -> None:
        if use(self.snapshots / version):
            return
        now = take(self.origin, self.snapshots)
        if now != version:
            raise SnapshotMissingError(
                f"Version {version} of the DAG bundle {self.name} is not on this machine: "
                f"{self.snapshots} has no such snapshot, and {self.origin} is version {now} by now. "
                "Let the machines share a folder of snapshots, and name it in the bundle's "
                'configuration: {"snapshots": "<folder>"}.'
            )

    def _remove_old(self) -> None:
        """Remove snapshots that were not used for long, unless an unfinished execution needs them."""
        oldest = time.time() - self._keep_seconds
        old = [folder for folder in self.snapshots.iterdir() if folder.stat().st_mtime < oldest]
        if not old:
            return
        needed = {self._current, *_unfinished_versions()}
        for folder in old:
            if folder.name not in needed:
                log.info("Removing the snapshot %s: it has not been used for long", folder)
                _remove(folder)


def _unfinished_versions() -> Collection[str]:
    """Return the bundle versions of all executions that have not ended."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.state import State
    from sqlalchemy import select

    unfinished = select(DagRun.bundle_version).where(
        DagRun.state.in_(State.unfinished_dr_states), DagRun.bundle_version.is_not(None)
    )
    with create_session() as session:
        return set(session.scalars(unfinished.distinct()))


def _remove(folder: Path) -> None:
    """Remove a snapshot so that nobody ever sees half of it."""
    aside = folder.with_name(f"{UNFINISHED}{folder.name}")
    with suppress(FileNotFoundError):
        folder.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)
