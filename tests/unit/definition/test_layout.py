"""What threads read at once, each for the first time: msgspec ends a process in which they prepare a type."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import airflow_codepipeline
from unit.changes import payloads

PACKAGE = Path(airflow_codepipeline.__file__).parents[1]
PIPELINE = Path(__file__).parents[2] / "data" / "puppet" / "pipelines" / "lined-up.json"
PROGRAM = """
import sys, threading
import msgspec
from airflow_codepipeline.{module} import {model}

sys.setswitchinterval(1e-6)
threads, text = 8, sys.stdin.read()
together = threading.Barrier(threads)

def read():
    together.wait()
    msgspec.json.decode(text, type={model})

readers = [threading.Thread(target=read) for _ in range(threads)]
for reader in readers:
    reader.start()
for reader in readers:
    reader.join()
"""


@pytest.mark.parametrize(
    ("module", "model", "body"),
    [
        ("definition.model", "Pipeline", json.loads(PIPELINE.read_text())),
        ("changes.github", "_Push", payloads.github_push()),
        ("changes.github", "_PullRequestEvent", payloads.github_pull_request()),
        ("changes.gitlab", "_Push", payloads.gitlab_push()),
        ("changes.gitlab", "_MergeRequest", payloads.gitlab_merge_request()),
        ("changes.bitbucket", "_Push", payloads.bitbucket_push(payloads.bitbucket_change())),
        ("changes.bitbucket", "_PullRequestEvent", payloads.bitbucket_pull_request()),
        ("changes.aws_events", "_ObjectCreated", {"bucket": {"name": "b"}, "object": {"key": "k"}}),
        ("changes.request", "StartRequest", {"name": "p", "variables": [{"name": "n", "value": "v"}]}),
        ("events.look", "Look", {"at": "", "attempt": 1, "run": "failed", "stages": [{"name": "Build"}]}),
    ],
)
def test_threads_may_read_it_at_once_for_the_first_time(module: str, model: str, body: Any):
    program = [sys.executable, "-c", PROGRAM.format(module=module, model=model)]

    for _ in range(5):
        done = subprocess.run(
            program, input=json.dumps(body), env={"PYTHONPATH": str(PACKAGE)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
