"""Which files of a build become its artifact (CodeBuild guide, "artifacts")."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from embedded_aws.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded_aws.buildspec.model import ArtifactFiles

_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]]+\]|\{[^{}]+\}|.", re.DOTALL)


def select(wanted: ArtifactFiles, *, source: Path, root: Path) -> dict[str, Path]:
    """The files of an artifact by the name each has in it.

    Only files that really are inside `root` are taken: a link that leads out of it is left behind.

    :param source: the folder of the primary source, from which a relative base directory counts.
    :param root: holds the folders of all sources; no base directory may be outside.
    :raises BuildError: CLIENT_ERROR when a base directory or pattern matches nothing.
    """
    root = root.resolve()
    selected: dict[str, Path] = {}
    for base in _bases(wanted.base_directory, source.resolve(), root):
        for path in _matching(wanted, base, root):
            name = path.name if wanted.discard_paths else path.relative_to(base).as_posix()
            selected[name] = path
    if not selected:
        raise BuildError("CLIENT_ERROR", f"no matching artifact paths found for {', '.join(wanted.files)}")
    return selected


def _bases(pattern: str, source: Path, root: Path) -> list[Path]:
    literal = (source / pattern).resolve()
    if not literal.is_relative_to(root):
        raise BuildError("CLIENT_ERROR", f"base directory '{pattern}' leads out of the sources")
    if literal.is_dir():
        return [literal]
    regex = _regex(PurePosixPath(pattern).as_posix())
    found = [folder for folder in _folders(source) if regex.fullmatch(_name(folder, source))]
    if not found:
        raise BuildError("CLIENT_ERROR", f"no matching base directory path found for {pattern}")
    return found


def _matching(wanted: ArtifactFiles, base: Path, root: Path) -> list[Path]:
    excluded = [_regex(_below(pattern, base)) for pattern in wanted.exclude]
    found: dict[Path, None] = {}
    for pattern in wanted.files:
        regex = _regex(_below(pattern, base))
        matches = [path for path in _files(base, root) if regex.fullmatch(_name(path, base))]
        found |= dict.fromkeys(
            path for path in matches if not any(one.fullmatch(_name(path, base)) for one in excluded)
        )
    return list(found)


def _below(pattern: str, base: Path) -> str:
    """`pattern` relative to `base`; a folder stands for all that is in it.

    :raises BuildError: it leads out of `base`.
    """
    path = PurePosixPath(pattern)
    if path.is_absolute() or ".." in path.parts:
        raise BuildError("CLIENT_ERROR", f"artifact path '{pattern}' leads out of the base directory")
    relative = path.as_posix()
    return f"{relative}/**" if pattern.endswith("/") and (base / relative).is_dir() else relative


def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_translated(token) for token in _TOKEN.findall(pattern)))


def _translated(token: str) -> str:
    simple = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if token in simple:
        return simple[token]
    if token.startswith("{") and len(token) > 2:
        return "(?:" + "|".join(map(re.escape, token[1:-1].split(","))) + ")"
    if token.startswith("[") and len(token) > 2:
        return token.replace("[!", "[^", 1).replace("\\", "\\\\")
    return re.escape(token)


def _folders(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*")) if path.is_dir() and not path.is_symlink())


def _files(base: Path, root: Path) -> list[Path]:
    return [
        path for path in sorted(base.rglob("*")) if path.is_file() and path.resolve().is_relative_to(root)
    ]


def _name(path: Path, base: Path) -> str:
    return path.relative_to(base).as_posix()
