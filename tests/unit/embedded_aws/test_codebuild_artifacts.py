from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from embedded_aws.codebuild.artifacts import pack

if TYPE_CHECKING:
    from pathlib import Path


def test_the_same_files_make_the_same_bytes_and_keep_their_execute_permission(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "run").write_text("#!")
    (tmp_path / "run").chmod(0o755)
    files = {"x/run": tmp_path / "run", "a": tmp_path / "a"}
    first, second = io.BytesIO(), io.BytesIO()

    pack(files, first)
    pack(dict(reversed(files.items())), second)

    assert first.getvalue() == second.getvalue()
    with zipfile.ZipFile(first) as archive:
        assert archive.namelist() == ["a", "x/run"]
        assert archive.getinfo("x/run").external_attr >> 16 == 0o100755
