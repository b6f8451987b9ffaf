"""Where things lie: found from the DAG file, so that a laptop, a cluster and MWAA need no setting.

`CODEPIPELINE_PIPELINES` names another folder of definitions.
"""

from __future__ import annotations

import os
from pathlib import Path

SNAPSHOT_MARK = ".codepipeline-snapshot"
"""The file at the top of a snapshot (`dag/snapshot.py`): what is in it belongs together."""
DEFINITION_SUFFIXES = (".yaml", ".yml", ".json")


def pipelines_folder(dag_file: Path) -> Path:
    """Return the folder of definitions that belongs to a DAG file.

    On Astronomer and on a laptop `include/` lies beside `dags/`; on MWAA, which ships the DAG folder
    alone, within it.

    :raises FileNotFoundError: there is none; the message says where it was looked for.
    """
    configured = os.environ.get("CODEPIPELINE_PIPELINES")
    if configured:
        snapshot = snapshot_of(dag_file)
        candidates = [snapshot / "include" / "pipelines" if snapshot else Path(configured)]
    else:
        here = dag_file.resolve().parent
        candidates = [here / "include" / "pipelines", here.parent / "include" / "pipelines"]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    looked = ", ".join(map(str, candidates))
    raise FileNotFoundError(
        f"No folder of pipeline definitions: looked for {looked}. Put definitions in include/pipelines, "
        "or name their folder in the environment variable CODEPIPELINE_PIPELINES."
    )


def snapshot_of(dag_file: Path) -> Path | None:
    """Return the snapshot that a DAG file belongs to, or none."""
    for parent in dag_file.resolve().parents:
        if (parent / SNAPSHOT_MARK).is_file():
            return parent
    return None


def environment_region() -> str | None:
    """Return the AWS region that the environment names, or none."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or None


def definition_files(folder: Path) -> list[Path]:
    """Return the definitions of a folder, sorted by name."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix in DEFINITION_SUFFIXES and not path.name.startswith((".", "_"))
    )


def definition_of(folder: Path, pipeline: str) -> Path | None:
    """Return the definition of one pipeline without listing the folder, or none."""
    for suffix in DEFINITION_SUFFIXES:
        path = folder / f"{pipeline}{suffix}"
        if path.is_file():
            return path
    return None
