from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded_aws.buildspec.model import ArtifactFiles
from embedded_aws.codebuild.selection import select
from embedded_aws.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "output" / "src0"
    for name in ("a.txt", "b.jar", "dist/x/c.txt", "dist/x/d.pyc", "dist-2/c.txt", ".hidden"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def names(source: Path, **wanted: object) -> set[str]:
    return set(select(ArtifactFiles(**wanted), source=source, root=source.parent))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"files": ("*",)}, {"a.txt", "b.jar", ".hidden"}),
        ({"files": ("**/*",)}, {"a.txt", "b.jar", "dist/x/c.txt", "dist/x/d.pyc", "dist-2/c.txt", ".hidden"}),
        ({"files": ("**/*.txt",)}, {"a.txt", "dist/x/c.txt", "dist-2/c.txt"}),
        ({"files": ("dist/",)}, {"dist/x/c.txt", "dist/x/d.pyc"}),
        ({"files": ("dist/**/*",)}, {"dist/x/c.txt", "dist/x/d.pyc"}),
        ({"files": ("?.{txt,jar}",)}, {"a.txt", "b.jar"}),
        ({"files": ("[!a].*",)}, {"b.jar"}),
        ({"files": ("**/*",), "exclude": ("dist*/**", "*.jar")}, {"a.txt", ".hidden"}),
        ({"files": ("**/*.txt",), "base_directory": "dist"}, {"x/c.txt"}),
        ({"files": ("*.txt",), "base_directory": "dist-*"}, {"c.txt"}),
        ({"files": ("**/c.txt",), "discard_paths": True}, {"c.txt"}),
        ({"files": ("./a.txt", "nothing")}, {"a.txt"}),
    ],
)
def test_patterns_choose_files(source: Path, wanted: dict[str, object], expected: set[str]) -> None:
    assert names(source, **wanted) == expected


def test_another_source_may_be_the_base_directory(source: Path) -> None:
    other = source.parent / "src1"
    other.mkdir()
    (other / "z").write_text("z")
    assert names(source, files=("*",), base_directory=str(other)) == {"z"}


def test_a_link_that_leads_out_is_left_behind(source: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (source / "link").symlink_to(tmp_path / "secret")
    (source / "inner").symlink_to("a.txt")
    assert names(source, files=("*",)) == {"a.txt", "b.jar", ".hidden", "inner"}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"files": ("*.war",)}, "no matching artifact paths found for *.war"),
        ({"files": ("*",), "base_directory": "nowhere"}, "no matching base directory path found for nowhere"),
        ({"files": ("*",), "base_directory": "../.."}, "base directory '../..' leads out of the sources"),
        ({"files": ("../x",)}, "artifact path '../x' leads out of the base directory"),
        ({"files": ("/etc/passwd",)}, "artifact path '/etc/passwd' leads out of the base directory"),
    ],
)
def test_what_cannot_be_an_artifact_is_refused(source: Path, wanted: dict[str, object], message: str) -> None:
    with pytest.raises(BuildError) as raised:
        names(source, **wanted)
    assert (raised.value.code, raised.value.message) == ("CLIENT_ERROR", message)
