"""The project that is hammered: three pipelines, one for each execution mode, and the hammer's action."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MODES = ("QUEUED", "SUPERSEDED", "PARALLEL")
STAGES = ("Build", "Test", "Deploy")
_PLUGIN = '''
"""Adds the hammer's action."""

from airflow_codepipeline.actions.registry import PROVIDERS

PROVIDERS["Test/Custom/Hammer/1"] = "hammer.provider:HammerProvider"
PROVIDERS["Source/Custom/Hammer/1"] = "hammer.provider:HammerProvider"
'''


def pipeline_name(mode: str) -> str:
    """Return the name of the pipeline with that mode."""
    return f"hammer-{mode.lower()}"


def write_project(folder: Path, *, longest: float, fails_one_in: int) -> None:
    """Write the project.

    :param longest: how long a job takes at the most, in seconds.
    :param fails_one_in: how often a job fails; 0: never.
    """
    for name in ("dags", "plugins", "include/pipelines"):
        (folder / name).mkdir(parents=True)
    (folder / "dags" / "codepipelines.py").write_text((ROOT / "dags" / "codepipelines.py").read_text())
    (folder / "plugins" / "hammer_plugin.py").write_text(_PLUGIN)
    configuration = {"Longest": str(longest), "FailsOneIn": str(fails_one_in)}
    for mode in MODES:
        text = json.dumps(_declaration(mode, configuration), indent=2)
        (folder / "include" / "pipelines" / f"{pipeline_name(mode)}.json").write_text(text)


def _declaration(mode: str, configuration: dict[str, str]) -> dict[str, Any]:
    source = _action("Take", "Source", configuration) | {"outputArtifacts": []}
    return {
        "name": pipeline_name(mode),
        "pipelineType": "V2",
        "executionMode": mode,
        "roleArn": "arn:aws:iam::000000000000:role/hammer",
        "artifactStore": {"type": "S3", "location": "hammer-artifacts"},
        "airflow": {"region": "us-east-1", "max_active_runs": 200},
        "stages": [
            {"name": "Source", "actions": [source]},
            *(
                {"name": stage, "actions": [_action(name, "Test", configuration) for name in ("One", "Two")]}
                for stage in STAGES
            ),
        ],
    }


def _action(name: str, category: str, configuration: dict[str, str]) -> dict[str, Any]:
    kind = {"category": category, "owner": "Custom", "provider": "Hammer", "version": "1"}
    return {"name": name, "actionTypeId": kind, "configuration": configuration}
