from __future__ import annotations

import io
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from embedded_aws.codebuild.extraction import extract
from embedded_aws.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path


def archive(tmp_path: Path, *members: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    path = tmp_path / "source.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for member, content in members:
            packed.writestr(member, content)
    return path


def test_files_folders_and_execute_permission_are_unpacked(tmp_path: Path) -> None:
    script = zipfile.ZipInfo("bin/run")
    script.external_attr = 0o100755 << 16
    extract(archive(tmp_path, (script, b"#!"), ("a/b.txt", b"b"), ("empty/", b"")), tmp_path / "out")
    assert (tmp_path / "out/a/b.txt").read_bytes() == b"b"
    assert (tmp_path / "out/bin/run").stat().st_mode & stat.S_IXUSR
    assert (tmp_path / "out/empty").is_dir()


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/x", "..\\x", "C:/x"])
def test_a_member_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BuildError, match="leads out of its folder"):
        extract(archive(tmp_path, (name, b"x")), tmp_path / "out")
    assert not (tmp_path / "x").exists()


def test_a_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(BuildError, match="is a link or a device"):
        extract(archive(tmp_path, (link, b"/etc/passwd")), tmp_path / "out")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="would unpack from"):
        extract(archive(tmp_path, ("zeros", bytes(150_000_000))), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_is_no_zip_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "source.zip").write_bytes(b"nothing of the kind")
    with pytest.raises(BuildError, match="is no usable zip file"):
        extract(tmp_path / "source.zip", tmp_path / "out")


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path, ("a", b"some content that is long enough" * 9))
    damaged = bytearray(path.read_bytes())
    damaged[40] ^= 0xFF
    path.write_bytes(io.BytesIO(damaged).getvalue())
    with pytest.raises(BuildError):
        extract(path, tmp_path / "out")
