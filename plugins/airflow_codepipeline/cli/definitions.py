"""Which definition files the paths of a command line name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from airflow_codepipeline.definition.reader import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def definition_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files, and the definitions in the folders, each once, in order.

    Of a project, or of its folder `include`, only `include/pipelines` is meant: beside it stand variables,
    buildspecs and templates.

    :raises typer.BadParameter: a path does not exist, or a folder holds no definition.
    """
    files: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise typer.BadParameter(f"{path} does not exist.")
        found = _below(path) if path.is_dir() else [path]
        if not found:
            raise typer.BadParameter(f"{path} holds no .json, .yaml or .yml file.")
        files.update(dict.fromkeys(found))
    return list(files)


def _below(folder: Path) -> list[Path]:
    for pipelines in (folder / "include" / "pipelines", folder / "pipelines"):
        if pipelines.is_dir():
            folder = pipelines
            break
    return sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
