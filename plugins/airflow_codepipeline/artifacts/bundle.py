"""Zip and unzip artifacts. Nothing is unpacked outside its folder, and nothing is left half unpacked."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_codepipeline.artifacts.limits import Limits
from airflow_codepipeline.artifacts.members import Member, check_members
from airflow_codepipeline.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import IO

CHUNK = 1024 * 1024
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)


def zip_files(files: Mapping[str, bytes], target: IO[bytes]) -> None:
    """Write a zip of `files`, by path; the same files always give the same bytes.

    :raises ArtifactError: a path is absolute, climbs out or is not written with `/`.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        infos = [_info(path, 0o644) for path in sorted(files)]
        check_members(infos, Limits(), source="the artifact to be written")
        for info in infos:
            archive.writestr(info, files[info.filename])


def zip_folder(folder: Path, target: IO[bytes]) -> None:
    """Write a zip of everything below `folder`: sorted, without times, with executable bits.

    :raises ArtifactError: the folder holds something that is neither file, folder nor a link within it.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for path in sorted(_walk(folder), key=lambda path: path.relative_to(folder).as_posix()):
            _add(archive, folder, path)


def unzip(source: IO[bytes], folder: Path, *, limits: Limits, name: str) -> list[Path]:
    """Unpack a zip below `folder`; return its files, sorted, relative to `folder`.

    All of it is unpacked beside `folder` first, so a refused zip leaves nothing behind.

    :param folder: must be empty or not exist yet.
    :param name: what the zip is called in an error message.
    :raises ArtifactError: it is no zip, it is over a limit, or a member would be unsafe.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ArtifactError(f"{folder} is not empty: artifact {name} cannot be unpacked there.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        tree = Path(scratch, "tree")
        tree.mkdir()
        members = _unpack(source, tree, limits, name)
        if folder.exists():
            folder.rmdir()
        tree.rename(folder)
    return sorted(Path(member.path) for member in members if not member.is_folder)


def read_member(source: IO[bytes], path: str, *, limits: Limits, name: str) -> bytes:
    """Return one file of a zip.

    :raises ArtifactError: it is no zip, it has no such file, or the file is over a limit.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            members = check_members(archive.infolist(), limits, source=f"artifact {name}")
            for member in members:
                if member.path == path.removeprefix("./") and not member.is_folder:
                    return b"".join(_chunks(archive, member))
    except _BROKEN as error:
        raise _broken(name, error) from error
    files = ", ".join(sorted(member.path for member in members)[:10]) or "nothing"
    raise ArtifactError(f"Artifact {name} has no file {path}. It holds {files}.")


def _unpack(source: IO[bytes], tree: Path, limits: Limits, name: str) -> list[Member]:
    try:
        with zipfile.ZipFile(source) as archive:
            members = check_members(archive.infolist(), limits, source=f"artifact {name}")
            # Links come last: no file is ever written through one.
            for member in sorted(members, key=lambda member: member.is_link):
                _write(archive, member, tree)
    except _BROKEN as error:
        raise _broken(name, error) from error
    _check_links(members, tree, name)
    return members


def _write(archive: zipfile.ZipFile, member: Member, tree: Path) -> None:
    path = tree / member.path
    if member.is_folder:
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if member.is_link:
        path.symlink_to(b"".join(_chunks(archive, member)).decode())
        return
    with path.open("xb") as file:
        file.writelines(_chunks(archive, member))
    path.chmod(0o755 if member.is_executable else 0o644)


def _check_links(members: list[Member], tree: Path, name: str) -> None:
    # Only when all are there: where a link leads may depend on links that come after it.
    inside = tree.resolve()
    for member in members:
        path = tree / member.path
        if member.is_link and not _leads_inside(path, inside):
            raise ArtifactError(
                f"Artifact {name} is refused: {member.path} links to {path.readlink()}, outside the artifact."
            )


def _leads_inside(link: Path, tree: Path) -> bool:
    if link.readlink().is_absolute():
        return False
    try:
        return link.resolve().is_relative_to(tree)
    except (OSError, RuntimeError):
        return False


def _chunks(archive: zipfile.ZipFile, member: Member) -> Iterable[bytes]:
    # zipfile never gives more than the directory's size, which `check_members` has added up.
    with archive.open(member.info) as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _walk(folder: Path) -> Iterable[Path]:
    for root, folders, files in os.walk(folder):
        links = [name for name in folders if Path(root, name).is_symlink()]
        yield from (Path(root, name) for name in [*files, *links])
        if not folders and not files and Path(root) != folder:
            yield Path(root)


def _add(archive: zipfile.ZipFile, folder: Path, path: Path) -> None:
    name = path.relative_to(folder).as_posix()
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ArtifactError(f"{name} is a link that leaves the folder; an artifact cannot hold it.")
        archive.writestr(_info(name, 0o777, stat.S_IFLNK), os.readlink(path))
    elif stat.S_ISDIR(mode):
        archive.writestr(_info(f"{name}/", 0o755, stat.S_IFDIR), b"")
    elif stat.S_ISREG(mode):
        with (
            path.open("rb") as file,
            archive.open(_info(name, _permissions(mode)), "w", force_zip64=True) as out,
        ):
            shutil.copyfileobj(file, out, CHUNK)
    else:
        raise ArtifactError(f"{name} is neither a file nor a folder; an artifact cannot hold it.")


def _permissions(mode: int) -> int:
    return 0o755 if mode & stat.S_IXUSR else 0o644


def _info(name: str, permissions: int, kind: int = stat.S_IFREG) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system = _UNIX
    info.external_attr = (kind | permissions) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _broken(name: str, error: Exception) -> ArtifactError:
    return ArtifactError(f"Artifact {name} cannot be read as a zip: {error}.")
