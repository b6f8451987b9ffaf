from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from embedded_aws.codebuild.sandbox import Bubblewrap, Plain, kind
from embedded_aws.codebuild.shell import InterruptedBuildError, Shell, TimedOutError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Make = "Callable[..., Shell]"


@pytest.fixture(params=["sh", "bash"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    made: list[Shell] = []
    (tmp_path / "build" / "src").mkdir(parents=True)
    output = os.open(tmp_path / "output", os.O_WRONLY | os.O_CREAT)

    def shell(seconds: float = 60) -> Shell:
        made.append(
            Shell(
                sandbox=Plain(root=tmp_path / "build"),
                control=tmp_path / "build" / "control",
                folder=tmp_path / "build" / "src",
                program=f"/bin/{request.param}",
                environment={"PATH": os.environ["PATH"], "GIVEN": "1"},
                output=output,
                deadline=time.monotonic() + seconds,
                process_file=tmp_path / "build.process",
            )
        )
        return made[-1]

    yield shell
    for one in made:
        one.finish()
    os.close(output)


def printed(tmp_path: Path) -> str:
    return (tmp_path / "output").read_text()


def test_commands_share_their_shell(make: Make, tmp_path: Path) -> None:
    shell = make()
    assert [
        shell.run(one) for one in ("A=plain", "cd /", "f() { echo in-f; }", 'echo "$A $PWD $(f) $GIVEN"')
    ] == [0] * 4
    assert printed(tmp_path) == "plain / in-f 1\n"


def test_a_command_alone_changes_nothing(make: Make) -> None:
    shell = make()
    assert shell.run("export B=2; cd /; exit 7", alone=True) == 7
    assert shell.run('test -z "$B" && test "${PWD##*/}" = src') == 0


def test_the_exit_status_is_the_commands(make: Make) -> None:
    shell = make()
    assert [shell.run(one) for one in ("false", "exit 9", "true", "no-such-command", "kill -9 $$")] == [
        1, 9, 0, 127, -9,
    ]  # fmt: skip


def test_what_was_exported_outlives_an_ended_shell(make: Make) -> None:
    shell = make()
    shell.run("export C='a  b\nc'; cd /")
    assert shell.run("exit 1") == 1
    assert shell.run('test "$PWD" = /') == 0
    assert shell.exported()["C"] == "a  b\nc"


def test_a_syntax_error_is_a_failed_command(make: Make) -> None:
    shell = make()
    assert shell.run("if then") != 0
    assert shell.run("true") == 0


def test_a_command_reads_nothing_and_several_lines_are_one_command(make: Make, tmp_path: Path) -> None:
    shell = make()
    assert shell.run("cat\nwhile read -r line; do echo $line; done\ncat <<'E'\nhere $A\nE\n") == 0
    assert printed(tmp_path) == "here $A\n"


def test_the_deadline_ends_the_command(make: Make) -> None:
    with pytest.raises(TimedOutError):
        make(seconds=0.3).run("sleep 600")


def test_an_interrupt_ends_the_command_and_all_that_follow(make: Make, tmp_path: Path) -> None:
    shell = make()
    started = tmp_path / "started"

    def interrupt() -> None:
        while not started.exists():
            time.sleep(0.01)
        shell.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(InterruptedBuildError):
        shell.run(f"touch {started}; sleep 600")
    with pytest.raises(InterruptedBuildError):
        shell.run("true")
    thread.join()


def test_paths_are_translated_between_the_sandbox_and_the_host(tmp_path: Path) -> None:
    sandbox = Bubblewrap(root=tmp_path)
    assert str(sandbox.path(tmp_path / "output" / "x")) == "/codebuild/output/x"
    assert sandbox.host("/codebuild/output/x") == str(tmp_path / "output" / "x")
    assert sandbox.host("dist") == "dist"


def test_the_sandbox_this_machine_allows_is_known() -> None:
    assert kind() in ("bubblewrap", "none")
