"""What a build finds as python3 and pip: the Python that runs the gateway, in its own environment."""

from __future__ import annotations

import sys
import sysconfig
from functools import cache
from importlib import metadata
from pathlib import Path

# What CodeBuild's images have and builds take for granted; nothing else of the project's packages is visible.
_SHARED = ("pip", "setuptools", "wheel", "boto3", "botocore", "s3transfer", "jmespath",
           "python-dateutil", "six", "urllib3", "PyYAML")  # fmt: skip
_PIP = '#!/bin/sh\nexec python3 -m pip "$@"\n'


def readable() -> list[Path]:
    """The folders and files outside of a build's own that its Python needs."""
    return [Path(sys.base_prefix), _executable().parent, *_shared_packages()]


def prepare(home: Path) -> None:
    """Make the environment `home`: a build may install into it, and it takes milliseconds."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = home / "lib" / version / "site-packages"
    shared = home / "shared"
    binaries = home / "bin"
    for folder in (packages, shared, binaries):
        folder.mkdir(parents=True)
    for name in ("python", "python3", version):
        (binaries / name).symlink_to(_executable())
    for name in ("pip", "pip3"):
        (binaries / name).write_text(_PIP)
        (binaries / name).chmod(0o755)
    for path in _shared_packages():
        (shared / path.name).symlink_to(path)
    (packages / "shared.pth").write_text(
        f"import sys; sys.path.append(sys.prefix + '/{shared.relative_to(home)}')\n"
    )
    (home / "pyvenv.cfg").write_text(
        f"home = {_executable().parent}\ninclude-system-site-packages = false\n"
        f"version = {'.'.join(map(str, sys.version_info[:3]))}\n"
    )


@cache
def _executable() -> Path:
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


@cache
def _shared_packages() -> tuple[Path, ...]:
    roots = {Path(sysconfig.get_path(kind)) for kind in ("purelib", "platlib")}
    found: dict[Path, None] = {}
    for name in _SHARED:
        try:
            files = metadata.distribution(name).files or []
        except metadata.PackageNotFoundError:
            continue
        tops = {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}
        found |= {root / top: None for root in roots for top in sorted(tops) if (root / top).exists()}
    return tuple(found)
