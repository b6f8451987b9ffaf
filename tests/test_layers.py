"""The rules of the architecture, checked in the source of every module."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "plugins" / "airflow_codepipeline"
EMBEDDED = ROOT / "include" / "embedded_aws"
MODULES = sorted(PACKAGE.rglob("*.py"))
SOURCES = [*MODULES, *sorted(EMBEDDED.rglob("*.py")), ROOT / "plugins" / "codepipeline_plugin.py"]
SOURCES += sorted((ROOT / "dags").glob("*.py"))

SHARED = {"errors", "settings", "compat"}
"""Modules beside the rooms that every room may import."""
MAY_IMPORT = {
    "definition": set(),
    "importing": {"definition"},
    "execution": {"definition"},
    "changes": {"definition", "execution"},
    "events": {"definition", "execution"},
    "artifacts": {"definition", "execution"},
    "actions": {"definition", "execution", "artifacts"},
    "rules": {"definition", "execution", "artifacts", "actions"},
    "sinks": {"definition", "execution", "artifacts", "actions", "events"},
    "dag": {"definition", "execution", "artifacts", "actions", "rules", "events"},
    "serving": {"definition", "execution", "changes", "actions", "events", "sinks", "dag"},
    "local": {"definition", "execution", "artifacts", "actions", "rules", "dag"},
    "aws": {"definition", "changes", "artifacts", "actions", "events", "sinks"},
    "service": {
        "definition",
        "execution",
        "changes",
        "artifacts",
        "actions",
        "rules",
        "events",
        "dag",
        "serving",
    },
    "web": {"definition", "execution", "changes", "artifacts", "actions", "rules", "dag", "service"},
    "cli": {
        "definition",
        "execution",
        "changes",
        "artifacts",
        "actions",
        "rules",
        "dag",
        "local",
        "importing",
        "service",
    },
    "__init__": {"definition", "dag"},
    "plugin": {"listener", "web"},
    "listener": {"service"},
    "errors": {"definition"},
    "settings": set(),
    "compat": set(),
}
PURE = {"definition", "execution", "changes", "events", "artifacts", "importing"}
LONGEST_MODULE = 300
LONGEST_FUNCTION = 40


def tree_of(path):
    return ast.parse(path.read_text(), filename=str(path))


def imported(tree):
    """Yield every module that a source names in an import statement, wherever that stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"line {node.lineno}: a relative import"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def rooms_imported(path):
    names = [name.split(".") for name in imported(tree_of(path))]
    return {name[1] for name in names if name[0] == PACKAGE.name and len(name) > 1}


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def test_every_room_has_a_rule():
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}

    assert rooms <= MAY_IMPORT.keys()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_rooms_to_its_left(path):
    room = room_of(path)

    forbidden = rooms_imported(path) - MAY_IMPORT[room] - SHARED - {room}

    assert forbidden == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_plugin_knows_nothing_of_the_embedded_aws(path):
    assert not [name for name in imported(tree_of(path)) if name.partition(".")[0] == EMBEDDED.name]


@pytest.mark.parametrize("path", sorted(EMBEDDED.rglob("*.py")), ids=name_of)
def test_the_embedded_aws_knows_nothing_of_the_plugin_and_of_airflow(path):
    strangers = {PACKAGE.name, "airflow"}

    assert not [name for name in imported(tree_of(path)) if name.partition(".")[0] in strangers]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_module_is_called_as_one_of_the_standard_library(path):
    # Airflow executes files of the plugins folder as top-level modules of that name.
    assert path.stem not in sys.stdlib_module_names


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_modules_and_functions_are_short(path):
    lines = len(path.read_text().splitlines())
    functions = {
        node.name: (node.end_lineno or 0) - node.lineno + 1
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert lines <= LONGEST_MODULE
    assert {name: length for name, length in functions.items() if length > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("path", [path for path in MODULES if room_of(path) in PURE], ids=name_of)
def test_a_pure_room_imports_neither_airflow_nor_aws(path):
    engines = {"airflow", "boto3", "botocore"}

    assert not [name for name in imported(tree_of(path)) if name.partition(".")[0] in engines]
