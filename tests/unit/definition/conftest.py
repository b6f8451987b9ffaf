from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_codepipeline.definition.reader import Examined, examine

if TYPE_CHECKING:
    from collections.abc import Callable

DEFINITIONS = Path(__file__).parents[2] / "data" / "definitions" / "pipelines"


@pytest.fixture
def web_shop() -> dict[str, Any]:
    """A declaration without findings, to be broken in one place."""
    return json.loads((DEFINITIONS / "web-shop.json").read_text())["pipeline"]


@pytest.fixture
def examined(tmp_path: Path) -> Callable[..., Examined]:
    """Write a text, or a declaration as JSON, to a file of that name and examine it."""

    def write_and_examine(content: str | bytes | dict[str, Any], name: str = "web-shop.json") -> Examined:
        path = tmp_path / name
        if isinstance(content, dict):
            content = json.dumps(content, indent=2)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return examine(path)

    return write_and_examine
