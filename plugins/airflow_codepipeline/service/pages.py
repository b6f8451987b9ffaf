"""Lists in pages: where one ended, as a token that says nothing to anybody else.

Source: CodePipeline API reference, the parameters maxResults and nextToken of the lists.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from airflow_codepipeline.execution.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

    from airflow_codepipeline.service.pipelines import DeclaredPipeline
    from airflow_codepipeline.service.rows import RunRow

LARGEST_PAGE = 100
"""How many entries a list has at most, and has where nobody says (CodePipeline API, MaxResults)."""
RUNS_AT_ONCE = 20


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Where a page ended.

    :param of: the list, with its pipeline and its filter: a token is good for that alone.
    """

    of: str

    def token(self) -> str:
        """Return it as a nextToken."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode()


class Cursor(Mark, frozen=True, kw_only=True):
    """Where a page of a list of executions, or of what is in them, ended.

    :param run: the number of the last execution's DAG run.
    :param entry: the last entry of that execution; none where the list is of executions.
    """

    run: int
    entry: str | None = None


class Place(Mark, frozen=True, kw_only=True):
    """Where a page of a list of names ended.

    :param entry: the last name.
    """

    entry: str


_Mark = TypeVar("_Mark", bound=Mark)


def list_key(name: str, pipeline: str, chosen: Any) -> str:
    """Return what tells one list from another.

    :param chosen: the filter.
    """
    return msgspec.json.encode([name, pipeline, chosen], order="deterministic").decode()


def cursor_of(token: str | None, of: str) -> Cursor | None:
    """Return where a list of executions is to go on; none: at its beginning.

    :raises Refusal: the token is none of this list's.
    """
    return _mark_of(token, of, Cursor)


def place_of(token: str | None, of: str) -> Place | None:
    """Return where a list of names is to go on; none: at its beginning.

    :raises Refusal: the token is none of this list's.
    """
    return _mark_of(token, of, Place)


def _mark_of(token: str | None, of: str, kind: type[_Mark]) -> _Mark | None:
    if token is None:
        return None
    try:
        mark = msgspec.json.decode(base64.urlsafe_b64decode(token.encode()), type=kind)
    except (binascii.Error, UnicodeError, msgspec.MsgspecError) as error:
        raise _invalid() from error
    if mark.of != of:
        raise _invalid()
    return mark


def runs_of(
    session: Session, pipeline: DeclaredPipeline, *, before: int | None, passed: str | None = None
) -> Iterator[list[RunRow]]:
    """Yield the runs of a pipeline, the newest first, some at a time, as long as they are asked for.

    :param before: only those older than this one.
    :param passed: only those in which the task of this id succeeded.
    """
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from sqlalchemy import exists, select

    from airflow_codepipeline.service.rows import run_columns, run_row

    query = select(*run_columns()).where(DagRun.dag_id == pipeline.dag_id)
    if passed is not None:
        succeeded = exists().where(
            TaskInstance.dag_id == pipeline.dag_id,
            TaskInstance.task_id == passed,
            TaskInstance.run_id == DagRun.run_id,
            TaskInstance.state == "success",
        )
        query = query.where(succeeded)
    while True:
        older = query if before is None else query.where(DagRun.id < before)
        rows = [run_row(row) for row in session.execute(older.order_by(DagRun.id.desc()).limit(RUNS_AT_ONCE))]
        if rows:
            yield rows
        if len(rows) < RUNS_AT_ONCE:
            return
        before = rows[-1].id


def _invalid() -> Refusal:
    return Refusal(
        "InvalidNextTokenException", "The nextToken is invalid: it is not of a call with these parameters."
    )
