"""`codepipeline aws`: starts, finds again and stops the embedded AWS, and nothing else."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from typer.testing import CliRunner

from airflow_codepipeline.cli.aws import EmbeddedAwsError, app, embedded_environment, ensure_up, shut_down

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.embedded_aws import EmbeddedAws

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def local_dir(tmp_path: Path, embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A `.local` of the test's own, with the MiniStack that the running server has installed."""
    shared = Path(os.environ.get("CODEPIPELINE_LOCAL_DIR", PROJECT / ".local"))
    (tmp_path / "ministack-venv").symlink_to(shared / "ministack-venv")
    monkeypatch.setenv("CODEPIPELINE_LOCAL_DIR", str(tmp_path))
    yield tmp_path
    shut_down()


def test_up_prints_what_to_export_and_down_ends_it(local_dir: Path) -> None:
    command = CliRunner()
    up = command.invoke(app, ["up", "--port", "0"])
    assert up.exit_code == 0, up.output
    url = json.loads((local_dir / "aws" / "gateway.json").read_text())["url"]
    assert f"export AWS_ENDPOINT_URL={url}\n" in up.output
    assert "export AWS_ACCESS_KEY_ID=test\n" in up.output

    status = command.invoke(app, ["status", "--format", "json"])
    assert json.loads(status.stdout)["url"] == url
    assert "already up" in command.invoke(app, ["up"]).output

    pid = json.loads(status.stdout)["pid"]
    children = psutil.Process(pid).children(recursive=True)
    assert command.invoke(app, ["down"]).exit_code == 0
    assert not psutil.pid_exists(pid)
    assert not any(child.is_running() for child in children)
    assert command.invoke(app, ["status"]).exit_code == 1
    assert "was not running" in command.invoke(app, ["down"]).output


def test_ensure_up_says_whether_it_started_it(local_dir: Path) -> None:
    first = ensure_up(0)
    second = ensure_up(0)
    assert (first.started, second.started) == (True, False)
    assert first.url == second.url == embedded_environment(second)["AWS_ENDPOINT_URL"]
    assert shut_down() is True
    assert shut_down() is False


def test_a_process_that_merely_got_the_number_is_left_alone(local_dir: Path) -> None:
    foreign = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (local_dir / "aws").mkdir()
    address = {"url": "http://127.0.0.1:1", "pid": foreign.pid, "started": 1.0}
    (local_dir / "aws" / "gateway.json").write_text(json.dumps(address))

    assert shut_down() is False
    assert foreign.poll() is None
    foreign.communicate(b"\n")


def test_a_port_that_is_taken_is_named_with_the_way_out(local_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedAwsError, match=f"Port {port} of 127.0.0.1 cannot be used .* --port 0"):
            ensure_up(port)


def test_the_example_of_the_guide_runs(embedded_aws: EmbeddedAws) -> None:
    guide = (PROJECT / "docs" / "embedded-aws.md").read_text()
    example = guide.partition("```python\n")[2].partition("```")[0]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-c", example],
        capture_output=True, text=True, check=False, env=environment | embedded_aws.environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "SUCCEEDED hello from a build\n"
