"""ListActionExecutions and ListRuleExecutions: what ran, the newest first.

Source: CodePipeline API reference, ActionExecutionDetail, RuleExecutionDetail and their filters.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.dag import names
from airflow_codepipeline.service.evidence import read_evidence
from airflow_codepipeline.service.pages import LARGEST_PAGE, Cursor, cursor_of, list_key, runs_of
from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.read_actions import ActionPlace
from airflow_codepipeline.service.read_conditions import STATE_MEMBERS, ConditionPlace
from airflow_codepipeline.service.read_executions import read_versions
from airflow_codepipeline.service.rows import read_past
from airflow_codepipeline.service.snapshot import find_execution, snapshots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy.orm import Session

    from airflow_codepipeline.service.pipelines import DeclaredPipeline
    from airflow_codepipeline.service.snapshot import ExecutionSnapshot

    Details = Callable[[Session, DeclaredPipeline, Sequence[ExecutionSnapshot], bool], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a list is to have.

    :param execution: one execution alone.
    :param latest: only the newest attempt at each action.
    """

    execution: str | None = None
    latest: bool = False

    @classmethod
    def of(cls, chosen: Mapping[str, Any] | None) -> _Wanted:
        """Read a filter: `{"pipelineExecutionId": …}` or `{"latestInPipelineExecution": {…}}`."""
        inside = (chosen or {}).get("latestInPipelineExecution")
        if inside:
            return cls(inside["pipelineExecutionId"], inside["startTimeRange"] == "Latest")
        return cls((chosen or {}).get("pipelineExecutionId"))


def list_action_executions(
    session: Session,
    user_name: str,  # noqa: ARG001 - the same for every operation
    *,
    pipeline_name: str,
    filter: Mapping[str, Any] | None = None,  # noqa: A002 - the API's name
    max_results: int = LARGEST_PAGE,
    next_token: str | None = None,
) -> dict[str, Any]:
    """List attempts at actions; what is kept of those that were run again is their time, status and error.

    :raises Refusal: there is no such pipeline or execution, or the token is not of this list.
    """
    return _page(session, _ACTIONS, pipeline_name, filter, most=max_results, token=next_token)


def list_rule_executions(
    session: Session,
    user_name: str,  # noqa: ARG001 - the same for every operation
    *,
    pipeline_name: str,
    filter: Mapping[str, Any] | None = None,  # noqa: A002 - the API's name
    max_results: int = LARGEST_PAGE,
    next_token: str | None = None,
) -> dict[str, Any]:
    """List evaluations of rules: of each the newest, an earlier one is not kept.

    :raises Refusal: there is no such pipeline or execution, or the token is not of this list.
    """
    return _page(session, _RULES, pipeline_name, filter, most=max_results, token=next_token)


_Entry = tuple[int, dict[str, Any]]
"""The number of an execution's run, and something that ran in it."""


def _page(
    session: Session,
    history: _History,
    pipeline_name: str,
    chosen: Mapping[str, Any] | None,
    *,
    most: int,
    token: str | None,
) -> dict[str, Any]:
    """Return a page of a history, and a token where there is more of it.

    :param chosen: the filter.
    """
    pipeline = find_pipeline(session, pipeline_name)
    key = list_key(history.operation, pipeline_name, chosen)
    entries = _entries(session, pipeline, _Wanted.of(chosen), cursor_of(token, key), history.details)
    found: list[_Entry] = []
    more: dict[str, str] = {}
    for entry in entries:
        if len(found) == most:
            run, last = found[-1]
            more = {"nextToken": Cursor(of=key, run=run, entry=last.get(history.id_member)).token()}
            break
        found.append(entry)
    return {history.member: [detail for _, detail in found]} | more


def _entries(
    session: Session, pipeline: DeclaredPipeline, wanted: _Wanted, cursor: Cursor | None, details: Details
) -> Iterator[_Entry]:
    """Yield what ran, from where the last page ended."""
    for executions in _executions(session, pipeline, wanted, cursor):
        by_execution = defaultdict(list)
        for detail in details(session, pipeline, executions, wanted.latest):
            by_execution[detail["pipelineExecutionId"]].append(detail)
        for execution in executions:
            ran = _newest_first(by_execution[execution.execution_id])
            if cursor is not None and cursor.run == execution.run.id:
                ran = _after(ran, cursor.entry)
            yield from ((execution.run.id, detail) for detail in ran)


def _executions(
    session: Session, pipeline: DeclaredPipeline, wanted: _Wanted, cursor: Cursor | None
) -> Iterator[list[ExecutionSnapshot]]:
    if wanted.execution is not None:
        yield [find_execution(session, pipeline, wanted.execution)]
        return
    for rows in runs_of(session, pipeline, before=cursor.run + 1 if cursor else None):
        yield snapshots(session, pipeline, rows)


def _newest_first(details: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort by the start; what has none was given up before it began, and comes last."""
    begun = [detail for detail in details if detail.get("startTime") is not None]
    rest = [detail for detail in details if detail.get("startTime") is None]
    return sorted(begun, key=lambda detail: detail["startTime"], reverse=True) + rest


def _after(details: list[dict[str, Any]], entry: str | None) -> list[dict[str, Any]]:
    ids = [detail.get("actionExecutionId", detail.get("ruleExecutionId")) for detail in details]
    return details[ids.index(entry) + 1 :] if entry in ids else []


def _actions(
    session: Session, pipeline: DeclaredPipeline, executions: Sequence[ExecutionSnapshot], latest: bool
) -> list[dict[str, Any]]:
    run_ids = [execution.run.run_id for execution in executions]
    tasks = {
        names.task_id(stage.name, action.name)
        for execution in executions
        for stage in execution.pipeline.declaration.stages
        for action in stage.actions
    }
    evidence = read_evidence(session, pipeline.dag_id, run_ids, tasks)
    past = {} if latest else read_past(session, pipeline.dag_id, run_ids, tasks)
    versions = read_versions(session, executions)
    found = []
    for execution in executions:
        for stage in execution.pipeline.declaration.stages:
            for action in stage.actions:
                place = ActionPlace(execution, stage.name, action, evidence)
                attempts = place.all(past.get((execution.run.run_id, place.task_id), ()))
                found += [
                    attempt.detail(versions[execution.run.run_id])
                    for attempt in (attempts[-1:] if latest else attempts)
                ]
    return found


def _rules(
    session: Session,
    pipeline: DeclaredPipeline,
    executions: Sequence[ExecutionSnapshot],
    latest: bool,  # noqa: ARG001 - there is no other
) -> list[dict[str, Any]]:
    run_ids = [execution.run.run_id for execution in executions]
    places = [
        (execution, stage.name, hook)
        for execution in executions
        for stage in execution.pipeline.declaration.stages
        for hook in STATE_MEMBERS
    ]
    tasks = {names.condition_id(stage, hook) for _, stage, hook in places}
    evidence = read_evidence(session, pipeline.dag_id, run_ids, tasks)
    versions = read_versions(session, executions)
    return [
        detail
        for execution, stage, hook in places
        for detail in ConditionPlace(execution, stage, hook, evidence).details(versions[execution.run.run_id])
    ]


@dataclass(frozen=True, slots=True)
class _History:
    """What is listed: of which operation, under which member of its output, and what tells entries apart."""

    operation: str
    member: str
    id_member: str
    details: Details


_ACTIONS = _History("ListActionExecutions", "actionExecutionDetails", "actionExecutionId", _actions)
_RULES = _History("ListRuleExecutions", "ruleExecutionDetails", "ruleExecutionId", _rules)
