"""What an imported pipeline is called: its file has that name, so it cannot be a variable."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.importing.kinds import RENAMED
from airflow_codepipeline.importing.labels import slug
from airflow_codepipeline.importing.values import Text, scalar_text

if TYPE_CHECKING:
    from airflow_codepipeline.definition.findings import Problem
    from airflow_codepipeline.importing.values import Piece

_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9.@_-]+")
_LONGEST = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class PipelineName:
    """A name that is a literal.

    :param derived: whether it was made here.
    :param problem: what is to be said of that.
    """

    text: str
    derived: bool = False
    problem: Problem | None = None


def pipeline_name(declared: Any, *, resource: str, stem: str) -> PipelineName:
    """Return the name of a pipeline.

    A pipeline without one is called as its resource, and so is one whose name is a value that only the
    stack knows. What stands around such a value is kept, and the stack is taken to be called as its file.
    """
    if declared is None or declared == "":
        return PipelineName(text=_allowed(resource), derived=True)
    if not isinstance(declared, Text) or declared.is_known:
        return PipelineName(text=str(scalar_text(declared)))
    if len(declared.pieces) == 1 and declared.unknowns[0].was != "AWS::StackName":
        text = resource
    else:
        text = "".join(_readable(piece, stem) for piece in declared.pieces)
    text = _allowed(text) or _allowed(resource)
    was = ", ".join(piece.was for piece in declared.unknowns if piece.known is None)
    message = f"The name depends on {was}, which is not known here: the pipeline is called {text}."
    return PipelineName(text=text, derived=True, problem=RENAMED.problem(message, ("name",)))


def _readable(piece: Piece, stem: str) -> str:
    if isinstance(piece, str):
        return piece
    if piece.known is not None:
        return piece.known
    return stem if piece.was == "AWS::StackName" else slug(piece.name)


def _allowed(text: str) -> str:
    return _NOT_ALLOWED.sub("-", text).strip("-")[:_LONGEST]
