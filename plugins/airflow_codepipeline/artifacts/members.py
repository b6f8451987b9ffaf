"""The members of a zip, and which of them are refused before a byte is unpacked."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_codepipeline.errors import ArtifactError

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Sequence

    from airflow_codepipeline.artifacts.limits import Limits

_RATIO_COUNTS_FROM = 1024 * 1024
_LONGEST_LINK = 4096


@dataclass(frozen=True, kw_only=True)
class Member:
    """One member of a zip, with a path that is safe below any folder."""

    info: zipfile.ZipInfo
    path: str

    @property
    def size(self) -> int:
        """Bytes when unpacked, as the zip's directory says."""
        return self.info.file_size

    @property
    def mode(self) -> int:
        """The Unix mode, or 0 where the zip was made elsewhere."""
        return self.info.external_attr >> 16

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.info.is_dir()

    @property
    def is_link(self) -> bool:
        """Whether it is a symbolic link; its content is where it points."""
        return stat.S_ISLNK(self.mode)

    @property
    def is_executable(self) -> bool:
        """Whether its owner may execute it."""
        return bool(self.mode & stat.S_IXUSR)


def check_members(infos: Sequence[zipfile.ZipInfo], limits: Limits, *, source: str) -> list[Member]:
    """Return the members of a zip, all of them safe to unpack.

    :param source: what the zip is called in an error message.
    :raises ArtifactError: a member is unsafe, or the zip is over a limit.
    """
    _check_total(infos, limits, source)
    members = [_member(info, limits, source) for info in infos]
    _check_names(members, source)
    return members


def _check_total(infos: Sequence[zipfile.ZipInfo], limits: Limits, source: str) -> None:
    if len(infos) > limits.files:
        raise _refused(source, f"it holds {len(infos):,} files; the limit is {limits.files:,}")
    total = sum(info.file_size for info in infos)
    if total > limits.unpacked_bytes:
        raise _refused(source, f"it unpacks to {total:,} bytes; the limit is {limits.unpacked_bytes:,}")


def _member(info: zipfile.ZipInfo, limits: Limits, source: str) -> Member:
    _check_path(info, source)
    _check_kind(info, source)
    if info.file_size > _RATIO_COUNTS_FROM and info.file_size > limits.ratio * max(info.compress_size, 1):
        raise _refused(source, f"{info.filename} unpacks to more than {limits.ratio} times its size")
    path = "/".join(part for part in info.filename.split("/") if part not in {"", "."})
    return Member(info=info, path=path)


def _check_path(info: zipfile.ZipInfo, source: str) -> None:
    name = info.filename
    if name.startswith("/") or name[1:2] == ":":
        raise _refused(source, f"the path of {name} is absolute")
    if "\\" in name or "\0" in name:
        raise _refused(source, f"the path {name!r} is not written with / alone")
    if ".." in name.split("/"):
        raise _refused(source, f"the path {name} climbs out of the artifact")
    if not name.strip("/."):
        raise _refused(source, f"the path {name!r} names nothing")


def _check_kind(info: zipfile.ZipInfo, source: str) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK}:
        raise _refused(source, f"{info.filename} is a device, a pipe or a socket")
    if kind == stat.S_IFLNK and info.file_size > _LONGEST_LINK:
        raise _refused(source, f"{info.filename} is a link of {info.file_size:,} bytes")
    if info.flag_bits & 1:
        raise _refused(source, f"{info.filename} is encrypted")


def _check_names(members: list[Member], source: str) -> None:
    files: set[str] = set()
    for member in members:
        if member.path in files and not member.is_folder:
            raise _refused(source, f"it holds {member.path} twice")
        if not member.is_folder:
            files.add(member.path)
    for member in members:
        parents = member.path.split("/")
        for depth in range(1, len(parents)):
            if "/".join(parents[:depth]) in files:
                raise _refused(source, f"{'/'.join(parents[:depth])} is both a file and a folder")


def _refused(source: str, reason: str) -> ArtifactError:
    return ArtifactError(f"{source[:1].upper()}{source[1:]} is refused: {reason}.")
