"""Snapshots of a DAG folder and the definitions that belong to it: folders named by what is in them.

Each is made beside its place and moved there, so that it is whole or not there, whoever makes it, and
however many do so at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_codepipeline.settings import SNAPSHOT_MARK, pipelines_folder, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

DAGS = "dags"
UNFINISHED = ".unfinished-"
"""What the name of a snapshot begins with while it is made."""
_TRIES = 3
_LEFT_OUT = frozenset({"__pycache__"})
_KEPT_DOTFILES = frozenset({".airflowignore"})


def take(origin: Path, folder: Path) -> str:
    """Make sure that a folder of snapshots holds what a DAG folder is now; return the snapshot's name.

    :param origin: the DAG folder.
    :param folder: the folder of snapshots; it is made where it is not there.
    :raises FileNotFoundError: there is no such DAG folder, or its files come and go faster than they can be
        read.
    """
    if not origin.is_dir():
        raise FileNotFoundError(f"There is no DAG folder {origin} to take a snapshot of.")
    for tries_left in reversed(range(_TRIES)):
        try:
            name = _name(_contents(origin))
            return name if use(folder / name) else _copy(origin, folder)
        except FileNotFoundError:
            if not tries_left:
                raise
    raise AssertionError("the last try returns or raises")


def use(snapshot: Path) -> bool:
    """Tell whether a snapshot is there, and note when it was used."""
    try:
        os.utime(snapshot)
    except FileNotFoundError:
        return False
    except PermissionError:
        return snapshot.is_dir()
    return True


def dag_file_at_origin(dag_file: Path, snapshot: Path) -> Path:
    """Return where the file of which a snapshot has a copy lies."""
    return _origin(snapshot) / dag_file.resolve().relative_to(snapshot / DAGS)


def pipelines_at_origin(folder: Path) -> Path:
    """Return the folder of definitions that people edit, of one that may be in a snapshot."""
    snapshot = snapshot_of(folder / DAGS)
    if snapshot is None:
        return folder
    return pipelines_folder(_origin(snapshot) / "codepipelines.py")


def _origin(snapshot: Path) -> Path:
    return Path(json.loads((snapshot / SNAPSHOT_MARK).read_text())["origin"])


def _copy(origin: Path, folder: Path) -> str:
    """Copy, and name the copy by what it holds: the files may change meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=folder) as made_in:
        made = Path(made_in) / "snapshot"
        for relative, source in _contents(origin).items():
            target = made / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            # Not the time of its last change: Airflow reads what is newer than its last reading at once.
            shutil.copyfile(source, target)
            shutil.copymode(source, target)
        (made / DAGS).mkdir(parents=True, exist_ok=True)
        name = _name({path.relative_to(made).as_posix(): path for path in made.rglob("*") if path.is_file()})
        (made / SNAPSHOT_MARK).write_text(json.dumps({"origin": str(origin)}))
        try:
            made.rename(folder / name)
        except OSError:
            if not (folder / name).is_dir():
                raise
    return name


def _name(contents: dict[str, Path]) -> str:
    digest = hashlib.sha256()
    for relative, path in sorted(contents.items()):
        digest.update(f"{relative}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:32]


def _contents(origin: Path) -> dict[str, Path]:
    """Return the files of a snapshot, by where they lie in it."""
    contents = {f"{DAGS}/{relative}": path for relative, path in _files(origin)}
    definitions = _definitions(origin)
    if definitions is None:
        return contents
    values = _variables(definitions)
    for name, folder in (("pipelines", definitions), ("variables", values)):
        if folder is not None:
            contents |= {f"include/{name}/{relative}": path for relative, path in _files(folder)}
    return contents


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files below a folder, those behind links too; no dotfiles, which may be secrets."""
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _LEFT_OUT]
        for name in names:
            if not name.startswith(".") or name in _KEPT_DOTFILES:
                path = Path(parent, name)
                yield path.relative_to(folder).as_posix(), path


def _definitions(origin: Path) -> Path | None:
    """Return the folder of definitions that lies outside the DAG folder, or none."""
    try:
        folder = pipelines_folder(origin / "any.py")
    except FileNotFoundError:
        return None
    configured = os.environ.get("CODEPIPELINE_PIPELINES")
    return None if folder.is_relative_to(origin.resolve()) and not configured else folder


def _variables(definitions: Path) -> Path | None:
    """Return the folder of variables of definitions, where it is not within theirs."""
    for parent in definitions.absolute().parents:
        if (parent / "variables").is_dir():
            return parent / "variables"
    return None
