"""Unpacks a source, refusing what a build should never be given."""

from __future__ import annotations

import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from embedded_aws.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHUNK = 1024 * 1024
_MOST_MEMBERS = 200_000
_LARGEST = 20 * 1024**3
# DEFLATE cannot do better than 1032:1; small files of repeated text come near it, large trees never.
_HIGHEST_RATIO = 200
_RATIO_COUNTS_FROM = 100 * 1024**2


def extract(archive: Path, folder: Path) -> None:
    """Unpack the zip file `archive` into `folder`.

    :raises BuildError: CLIENT_ERROR: it is no zip file, or a member would be written outside the folder, is a
        link or a device, or the whole is absurdly large.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            _check_size(members, archive.stat().st_size)
            for member in members:
                _write(opened, member, folder)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError) as error:
        raise BuildError("CLIENT_ERROR", f"the source is no usable zip file: {error}") from error


def _check_size(members: list[zipfile.ZipInfo], packed: int) -> None:
    if len(members) > _MOST_MEMBERS:
        raise BuildError("CLIENT_ERROR", f"the source has {len(members)} members, more than {_MOST_MEMBERS}")
    whole = _total(members)
    if whole > _LARGEST or (whole > _RATIO_COUNTS_FROM and whole > packed * _HIGHEST_RATIO):
        raise BuildError("CLIENT_ERROR", f"the source would unpack from {packed} to {whole} bytes")


def _total(members: Iterable[zipfile.ZipInfo]) -> int:
    return sum(member.file_size for member in members)


def _write(opened: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / _safe_name(member)
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BuildError("CLIENT_ERROR", f"the source's member '{member.filename}' is a link or a device")
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    # zipfile stops at the size the directory claims, so a member cannot unpack to more than was checked.
    with opened.open(member) as packed, target.open("wb") as written:
        shutil.copyfileobj(packed, written, _CHUNK)
    if mode & 0o111:
        target.chmod(0o755)


def _safe_name(member: zipfile.ZipInfo) -> PurePosixPath:
    name = member.filename.replace("\\", "/")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or ":" in name.partition("/")[0] or "\0" in name:
        raise BuildError("CLIENT_ERROR", f"the source's member '{member.filename}' leads out of its folder")
    return path
