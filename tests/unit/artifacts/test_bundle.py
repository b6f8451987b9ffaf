from __future__ import annotations

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_codepipeline.artifacts.bundle import read_member, unzip, zip_files, zip_folder
from airflow_codepipeline.artifacts.limits import Limits
from airflow_codepipeline.errors import ArtifactError


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> io.BytesIO:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    body.seek(0)
    return body


def special(name: str, mode: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def unpack(body: io.BytesIO, folder: Path, limits: Limits | None = None) -> list[Path]:
    return unzip(body, folder, limits=limits or Limits(), name="In")


def test_a_folder_comes_back_as_it_was_with_executable_bits_links_and_empty_folders(tmp_path):
    source = tmp_path / "source"
    (source / "bin").mkdir(parents=True)
    (source / "empty").mkdir()
    (source / "bin" / "run").write_text("#!/bin/sh\n")
    (source / "bin" / "run").chmod(0o755)
    (source / "data.txt").write_text("text")
    (source / "link").symlink_to("bin/run")
    body = io.BytesIO()
    zip_folder(source, body)
    files = unpack(body, tmp_path / "target")
    assert files == [Path("bin/run"), Path("data.txt"), Path("link")]
    assert os.access(tmp_path / "target/bin/run", os.X_OK)
    assert (
        not os.access(tmp_path / "target/data.txt", os.X_OK)
        or not (tmp_path / "target/data.txt").stat().st_mode & 0o111
    )
    assert os.readlink(tmp_path / "target/link") == "bin/run"
    assert (tmp_path / "target/empty").is_dir()


def test_the_same_files_give_the_same_bytes_whatever_their_times_and_order(tmp_path):
    bodies = []
    for number, names in enumerate((("a", "b"), ("b", "a"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in names:
            (folder / name).write_text(name)
            os.utime(folder / name, (number * 1000, number * 1000))
        bodies.append(io.BytesIO())
        zip_folder(folder, bodies[-1])
    assert bodies[0].getvalue() == bodies[1].getvalue()


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,3}\.txt", fullmatch=True), st.binary(max_size=200)
    )
)
def test_what_is_zipped_is_read_back(files):
    body = io.BytesIO()
    zip_files(files, body)
    for path, content in files.items():
        assert read_member(body, path, limits=Limits(), name="In") == content


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("../out.txt", "climbs out"),
        ("a/../../out.txt", "climbs out"),
        ("/etc/passwd", "absolute"),
        ("C:/out.txt", "absolute"),
        ("a\\..\\out.txt", "not written with /"),
        (special("pipe", stat.S_IFIFO | 0o644), "device"),
        (special("disk", stat.S_IFBLK | 0o644), "device"),
        ("./", "names nothing"),
    ],
)
def test_an_unsafe_member_is_refused_and_nothing_is_left_behind(tmp_path, member, reason):
    target = tmp_path / "target"
    with pytest.raises(ArtifactError, match=reason):
        unpack(zipped(("good.txt", b"x"), (member, b"x")), target)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("aim", ["/etc/passwd", "../../out", "a/../../.."])
def test_a_link_out_of_the_tree_is_refused_and_nothing_is_left_behind(tmp_path, aim):
    body = zipped(("good.txt", b"x"), (special("d/link", stat.S_IFLNK | 0o777), aim.encode()))
    with pytest.raises(ArtifactError, match="outside the artifact"):
        unpack(body, tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("order", [1, -1])
def test_a_chain_of_links_that_leads_out_is_refused_in_any_order(tmp_path, order):
    link = stat.S_IFLNK | 0o777
    links = [(special("a/b/up", link), b"../.."), (special("out", link), b"a/b/up/../etc")]
    with pytest.raises(ArtifactError, match="out links to"):
        unpack(zipped(("a/b/file", b"x"), *links[::order]), tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


def test_a_link_that_leads_nowhere_within_the_tree_is_kept(tmp_path):
    unpack(zipped((special("link", stat.S_IFLNK | 0o777), b"missing")), tmp_path / "target")
    assert os.readlink(tmp_path / "target/link") == "missing"


def test_a_file_is_never_written_through_a_link(tmp_path):
    body = zipped((special("d", stat.S_IFLNK | 0o777), b"elsewhere"), ("d/file", b"x"))
    with pytest.raises(ArtifactError, match="both a file and a folder"):
        unpack(body, tmp_path / "target")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("again", ["a.txt", "./a.txt"])
def test_a_member_that_is_there_twice_is_refused(tmp_path, again):
    with pytest.raises(ArtifactError, match=r"holds a\.txt twice"):
        unpack(zipped(("a.txt", b"1"), (again, b"2")), tmp_path / "target")


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(files=1), "2 files; the limit is 1"),
        (Limits(unpacked_bytes=1024), "unpacks to"),
        (Limits(ratio=10), "more than 10 times its size"),
    ],
)
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, limits, reason):
    with pytest.raises(ArtifactError, match=reason):
        unpack(zipped(("zeros", bytes(2_000_000)), ("b", b"")), tmp_path / "target", limits)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("body", [b"", b"no zip", zipped(("a", b"x" * 5000)).getvalue()[:-30]])
def test_what_is_no_zip_is_refused_by_name(tmp_path, body):
    with pytest.raises(ArtifactError, match="Artifact In cannot be read as a zip"):
        unpack(io.BytesIO(body), tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


def test_damaged_content_is_refused_and_leaves_nothing(tmp_path):
    body = bytearray(zipped(("a", os.urandom(5000))).getvalue())
    body[2000:2010] = b"0123456789"
    with pytest.raises(ArtifactError, match="cannot be read as a zip"):
        unpack(io.BytesIO(bytes(body)), tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_not_unpacked_into(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ArtifactError, match="is not empty"):
        unpack(zipped(("a", b"x")), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_empty_folder_may_be_the_target(tmp_path):
    (tmp_path / "target").mkdir()
    assert unpack(zipped(("a", b"x")), tmp_path / "target") == [Path("a")]


def test_a_file_that_is_not_there_is_refused_with_what_is():
    with pytest.raises(ArtifactError, match=r"no file template\.yaml. It holds a\.txt, b/c\.txt"):
        read_member(zipped(("a.txt", b""), ("b/c.txt", b"")), "template.yaml", limits=Limits(), name="In")


def test_a_link_out_of_the_folder_is_not_zipped(tmp_path):
    (tmp_path / "link").symlink_to("/etc/passwd")
    with pytest.raises(ArtifactError, match="link that leaves the folder"):
        zip_folder(tmp_path, io.BytesIO())
