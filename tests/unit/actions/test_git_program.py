"""Git as a worker runs it, on a repository that a small server of the test's own gives out."""

from __future__ import annotations

import base64
import contextlib
import http.server
import os
import tempfile
import threading
from pathlib import Path

import psutil
import pytest

from airflow_codepipeline.actions import git_program
from airflow_codepipeline.actions.git_program import GitProgram, scratch
from airflow_codepipeline.actions.git_remote import Remote
from airflow_codepipeline.actions.git_repository import open_repository
from airflow_codepipeline.errors import ActionError

LOGIN = ("me", "secret-42")
HEADER = base64.b64encode(b"me:secret-42").decode()


class Spy(http.server.BaseHTTPRequestHandler):
    """Looks at who asks, and answers with a status."""

    answer = 403
    headers_seen: list[dict[str, str]]
    processes_seen: list[str]

    def do_GET(self):
        self.headers_seen.append(dict(self.headers))
        for process in psutil.Process().children(recursive=True):
            # Whatever else the tests have started may just end.
            with contextlib.suppress(psutil.Error):
                self.processes_seen.append(" ".join(process.cmdline()))
        self.send_response(self.answer)
        self.send_header("Location", "http://localhost:1/elsewhere/info/refs?service=git-upload-pack")
        self.end_headers()

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def spy():
    class Own(Spy):
        pass

    Own.headers_seen, Own.processes_seen = [], []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Own) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        Own.url = f"http://127.0.0.1:{server.server_address[1]}/app.git"
        yield Own
        server.shutdown()


def head(url, login=LOGIN):
    with open_repository(Remote(url=url, login=login)) as repository:
        return repository.head("main")


def test_the_server_gets_the_login_and_no_list_of_processes_has_it(spy):
    with pytest.raises(ActionError, match=r"PermissionError: .* refuses the credentials") as raised:
        head(spy.url)
    assert spy.headers_seen[0]["Authorization"] == f"Basic {HEADER}"
    assert any("git" in line for line in spy.processes_seen)
    said = " ".join([*spy.processes_seen, str(raised.value), repr(raised.value.__cause__)])
    assert "secret-42" not in said
    assert HEADER not in said


def test_a_login_never_follows_to_another_server(spy):
    spy.answer = 302
    with pytest.raises(ActionError, match="credentials never follow a redirection"):
        head(spy.url)
    assert len(spy.headers_seen) == 1


def test_a_server_that_wants_credentials_is_an_error_and_nobody_is_asked(spy):
    spy.answer = 401
    with pytest.raises(ActionError, match="PermissionError"):
        head(spy.url, None)
    assert "Authorization" not in spy.headers_seen[0]


def test_git_sees_nothing_of_the_machines_configuration(monkeypatch, tmp_path):
    settings = tmp_path / ".gitconfig"
    settings.write_text('[credential]\n\thelper = "!touch stolen"\n[user]\n\tname = Somebody\n')
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_TRACE_CURL", str(tmp_path / "trace"))
    monkeypatch.setenv("GIT_SSH_COMMAND", "touch stolen")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-42")
    with scratch("x", {"http.https://x/.extraHeader": "h"}) as git:
        listed = git.run("config", "--list").decode()
        environment = git._environment()
    assert "user.name" not in listed
    assert "http.https://x/.extraheader=h" in listed
    assert not {"GIT_TRACE_CURL", "GIT_SSH_COMMAND", "AWS_SECRET_ACCESS_KEY"} & environment.keys()


@pytest.mark.parametrize("address", ["ext::touch stolen", "file:///", "ssh://localhost/x"])
def test_other_protocols_are_refused_by_git_too(address, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with scratch("x", {}) as git, pytest.raises(ActionError, match="not allowed"):
        git.run("ls-remote", "--", address)
    assert not list(tmp_path.iterdir())


def _working_in(folder):
    """Return the processes whose working directory a folder is."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def test_what_becomes_too_large_is_killed_with_all_its_helpers(tmp_path):
    git = GitProgram(folder=tmp_path, where="https://example.com/app.git", settings={}, most_bytes=1000)
    alias = "alias.fill=!head -c 100000 /dev/zero > noise; sleep 1000"
    with pytest.raises(ActionError, match=r"needs more than 1,000 bytes .* CODEPIPELINE_MAX_CLONE_BYTES"):
        git.run("-c", alias, "fill")
    _, alive = psutil.wait_procs(_working_in(tmp_path), timeout=10)
    assert alive == []


def test_nothing_is_left_when_it_fails(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ActionError), scratch("x", {}) as git:
        git.run("fetch", "https://127.0.0.1:1/x")
    assert list(tmp_path.iterdir()) == []


def test_a_worker_without_git_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not git_program.is_installed()
    with scratch("x", {}) as git, pytest.raises(ActionError, match=r"no git. Install git 2\.32"):
        git.run("version")


@pytest.mark.parametrize("text", ["no", "-1", "0", "1.5"])
def test_a_limit_that_is_no_number_is_refused(text, monkeypatch):
    monkeypatch.setenv("CODEPIPELINE_MAX_CLONE_BYTES", text)
    with pytest.raises(ActionError, match="must be a positive whole number"), scratch("x", {}):
        pass


def test_the_limit_is_never_more_than_half_of_what_is_free(tmp_path, monkeypatch):
    monkeypatch.setenv("CODEPIPELINE_MAX_CLONE_BYTES", str(2**62))
    with scratch("x", {}) as git:
        free = os.statvfs(git.folder)
        assert git.most_bytes < free.f_bavail * free.f_frsize
    assert not Path(git.folder).exists()
