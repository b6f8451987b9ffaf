"""Where a build's commands run: in a bubblewrap sandbox where this machine allows one."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from embedded_aws.codebuild import interpreter
from embedded_aws.network import CERTIFICATES

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)
_INNER_ROOT = Path("/codebuild")
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt")
_ETC = ("alternatives", "ca-certificates", "crypto-policies", "group", "hosts", "ld.so.cache", "ld.so.conf",
        "ld.so.conf.d", "localtime", "mime.types", "nsswitch.conf", "passwd", "pip.conf", "pki", "protocols",
        "resolv.conf", "services", "ssl", "timezone")  # fmt: skip
WARNING = (
    "BUILDS RUN WITHOUT A SANDBOX: bubblewrap (bwrap) is missing or not allowed on this machine. "
    "A build's commands can read and change whatever you can. Run only buildspecs that you trust."
)


class Sandbox(Protocol):
    """Runs the commands of one build, whose files are all below one folder of the host."""

    def path(self, host: Path) -> Path:
        """The path by which the build's commands see `host`, a path below the build's folder."""

    def host(self, inside: str) -> str:
        """The host's path for one that the build's commands use; a relative one stays as it is."""

    def wrap(self, command: list[str], folder: Path) -> list[str]:
        """The command for the host that runs `command` inside, in `folder` below the build's."""

    def search_path(self) -> str:
        """PATH for the build."""


def kind() -> str:
    """`bubblewrap`, or `none` where builds run as plain processes."""
    return "bubblewrap" if _bubblewrap_works() else "none"


def sandbox(root: Path) -> Sandbox:
    """The best sandbox this machine allows, for a build below `root`."""
    return Bubblewrap(root=root) if _bubblewrap_works() else Plain(root=root)


@dataclass(frozen=True, kw_only=True)
class Plain:
    """No sandbox: an ordinary process."""

    root: Path

    def path(self, host: Path) -> Path:
        """As on the host."""
        return host

    def host(self, inside: str) -> str:
        """As in the build."""
        return inside

    def wrap(self, command: list[str], folder: Path) -> list[str]:  # noqa: ARG002  the caller sets the folder
        """As it is."""
        return command

    def search_path(self) -> str:
        """The host's, after the build's own Python."""
        return f"{self.root / 'python' / 'bin'}:{os.environ.get('PATH', os.defpath)}"


@dataclass(frozen=True, kw_only=True)
class Bubblewrap:
    """An empty file system: the system's programs to read, the build's folder, as /codebuild, to write.

    The host's home and the checkout are not there; processes end with the build. The network is the host's:
    the build must reach the gateway.
    """

    root: Path

    def path(self, host: Path) -> Path:
        """Below /codebuild, as in AWS's own images."""
        return _INNER_ROOT / host.relative_to(self.root)

    def host(self, inside: str) -> str:
        """Below the build's folder."""
        path = Path(inside)
        below = path.is_relative_to(_INNER_ROOT)
        return str(self.root / path.relative_to(_INNER_ROOT)) if below else inside

    def wrap(self, command: list[str], folder: Path) -> list[str]:
        """Run by bwrap."""
        inside = ("--bind", str(self.root), str(_INNER_ROOT), "--chdir", str(self.path(folder)))
        return [_bwrap(), *_walls(), *inside, "--", *command]

    def search_path(self) -> str:
        """The usual places, after the build's own Python."""
        system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return f"{_INNER_ROOT / 'python' / 'bin'}:{system}"


def _walls() -> list[str]:
    return [
        "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try",
        "--cap-drop", "ALL", "--die-with-parent", "--new-session",
        "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/run", "--dir", "/var/tmp",  # noqa: S108
        *_readable(),
    ]  # fmt: skip


def _readable() -> Iterator[str]:
    for name in _SYSTEM:
        path = Path(name)
        if path.is_symlink():
            yield from ("--symlink", os.readlink(path), name)
        else:
            yield from ("--ro-bind-try", name, name)
    for name in _ETC:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")
    certificates = (os.environ[name] for name in CERTIFICATES if name in os.environ)
    for name in (*certificates, *map(str, interpreter.readable())):
        yield from ("--ro-bind-try", name, name)


@cache
def _bwrap() -> str:
    return shutil.which("bwrap") or ""


@cache
def _bubblewrap_works() -> bool:
    if not _bwrap():
        _log.warning(WARNING)
        return False
    probe = subprocess.run([_bwrap(), *_walls(), "--", "/bin/sh", "-c", "true"],
                           capture_output=True, text=True, check=False)  # fmt: skip
    if probe.returncode:
        _log.warning("%s bwrap said: %s", WARNING, probe.stderr.strip())
    return probe.returncode == 0
