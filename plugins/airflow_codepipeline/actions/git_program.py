"""Runs git so that it can harm nothing: its own environment, one scratch folder, a bound on the disk.

Secrets reach git through its environment alone: neither arguments, which every user of the machine sees,
nor addresses, which appear in messages.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_codepipeline.actions.git_errors import failure
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT_VARIABLE = "CODEPIPELINE_MAX_CLONE_BYTES"
_DEFAULT_LIMIT = 2 * 1024**3
_LOOK_EVERY_SECONDS = 0.2
_LONGEST_OUTPUT = 1024**2
_INHERITED = ("PATH", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
              "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH")  # fmt: skip
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "credential.helper": "",
    # Packs stay packs: many small files would escape the eye that watches the disk.
    "fetch.unpackLimit": "1",
    "gc.auto": "0",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "maintenance.auto": "false",
}


def is_installed() -> bool:
    """Whether this worker has git."""
    return shutil.which("git") is not None


@dataclass(frozen=True, kw_only=True)
class GitProgram:
    """Git, for one repository at one address.

    :param folder: everything that git writes is below it.
    :param where: the repository's address, for messages.
    :param settings: of git's configuration, besides the usual ones; they may be secrets.
    :param most_bytes: how large the folder may become.
    """

    folder: Path
    where: str
    settings: Mapping[str, str] = field(repr=False)
    most_bytes: int

    def run(self, *arguments: str) -> bytes:
        """Return what a git command prints, one MiB of it at most.

        :raises ActionError: it failed, there is no git, or the folder has become too large.
        :raises TransientError: the server did not answer for now.
        """
        with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as said:
            try:
                process = subprocess.Popen(
                    ["git", *arguments],  # noqa: S607  as the worker's PATH finds it
                    cwd=self.folder, env=self._environment(), stdin=subprocess.DEVNULL,
                    stdout=printed, stderr=said, start_new_session=True,
                )  # fmt: skip
            except FileNotFoundError:
                raise ActionError("ConfigurationError", _NO_GIT) from None
            status = self._wait(process)
            if status:
                said.seek(max(said.tell() - 4096, 0))
                raise failure(arguments[0], self.where, said.read().decode(errors="replace"))
            self._check_size()
            printed.seek(0)
            return printed.read(_LONGEST_OUTPUT)

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return process.wait(_LOOK_EVERY_SECONDS)
                self._check_size()
        finally:
            if process.poll() is None:
                # Its helpers too: they are in its session.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _check_size(self) -> None:
        size = sum(_sizes(self.folder))
        if size > self.most_bytes:
            raise ActionError(
                "JobFailed",
                f"{self.where} needs more than {self.most_bytes:,} bytes of the worker's disk. "
                f"{LIMIT_VARIABLE} is the limit; half of what is free is another.",
            )

    def _environment(self) -> dict[str, str]:
        settings = _SETTINGS | dict(self.settings)
        numbered: dict[str, str] = {}
        for number, (name, value) in enumerate(settings.items()):
            numbered |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
        return {name: os.environ[name] for name in _INHERITED if name in os.environ} | {
            **numbered,
            "GIT_ALLOW_PROTOCOL": "http:https",
            "GIT_CONFIG_COUNT": str(len(settings)),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "HOME": str(self.folder),
            "LC_ALL": "C",
        }


_NO_GIT = (
    "This worker has no git. Install git 2.32 or later: on MWAA by the environment's startup script, "
    "in the Astro Runtime by packages.txt."
)


@contextlib.contextmanager
def scratch(where: str, settings: Mapping[str, str]) -> Iterator[GitProgram]:
    """Give git a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="codepipeline-git-", ignore_cleanup_errors=True) as folder:
        most = bytes_to_use(Path(folder))
        yield GitProgram(folder=Path(folder), where=where, settings=settings, most_bytes=most)


def bytes_to_use(folder: Path) -> int:
    """Return how many bytes a source may write below a folder: the limit, or half of what is free.

    :raises ActionError: the limit is no number.
    """
    return min(_limit(), shutil.disk_usage(folder).free // 2)


def _limit() -> int:
    text = os.environ.get(LIMIT_VARIABLE, "").strip() or str(_DEFAULT_LIMIT)
    if not text.isdecimal() or int(text) == 0:
        raise ActionError(
            "ConfigurationError", f"{LIMIT_VARIABLE} is {text!r}. It must be a positive whole number."
        )
    return int(text)


def _sizes(folder: Path) -> Iterator[int]:
    for root, _, names in os.walk(folder):
        for name in names:
            # Git renames and removes its temporary files meanwhile.
            with contextlib.suppress(FileNotFoundError):
                yield os.lstat(os.path.join(root, name)).st_size
