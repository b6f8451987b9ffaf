"""Whether Airflow keeps the definition that an execution began with, and where its definition changes."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import conf

from airflow_codepipeline.dag.snapshot import dag_file_at_origin
from airflow_codepipeline.settings import snapshot_of

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class DagFilePlace:
    """A DAG file where it is parsed.

    :param versioned: whether runs of its DAGs keep the definition that they began with.
    :param live: the file that people edit: where this one is of a snapshot, the one it is a copy of.
    """

    versioned: bool
    live: Path

    @classmethod
    def of(cls, dag_file: Path) -> DagFilePlace:
        """Look where a DAG file is."""
        snapshot = snapshot_of(dag_file)
        return cls(is_versioned(dag_file), dag_file_at_origin(dag_file, snapshot) if snapshot else dag_file)

    def watched(self, *, cancels: bool) -> str | None:
        """Return the DAG file whose definitions a waiting execution has to watch; none: it keeps its own.

        :param cancels: whether an update cancels executions even so.
        """
        return None if self.versioned and not cancels else str(self.live)


def is_versioned(dag_file: Path) -> bool:
    """Tell whether Airflow pins the runs of a DAG file's DAGs to the version of their bundle."""
    if conf.getboolean("dag_processor", "disable_bundle_versioning", fallback=False):
        return False
    return snapshot_of(dag_file) is not None or _bundle_has_versions(dag_file)


def _bundle_has_versions(dag_file: Path) -> bool:
    """Tell it of the bundle that Airflow keeps the file for; a folder of the user's own has none."""
    from airflow.dag_processing.bundles.base import get_bundle_storage_root_path

    storage: Path = get_bundle_storage_root_path().resolve()  # type: ignore[no-untyped-call]
    here = dag_file.resolve()
    if not here.is_relative_to(storage):
        return False
    name = here.relative_to(storage).parts[0]
    for bundle in conf.getjson("dag_processor", "dag_bundle_config_list", fallback=[]):
        if bundle["name"] == name:
            module, _, class_name = bundle["classpath"].rpartition(".")
            return bool(getattr(import_module(module), class_name).supports_versioning)
    return False
