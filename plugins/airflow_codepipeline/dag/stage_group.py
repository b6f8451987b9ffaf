"""A stage as a task group: its gate, its actions by runOrder, what frees it, what says it succeeded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import TaskGroup, TriggerRule

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.action_operator import ActionOperator
from airflow_codepipeline.dag.condition_declaration import ConditionDeclaration
from airflow_codepipeline.dag.stage_gate import StageGateSensor
from airflow_codepipeline.dag.wiring import ActionDeclaration
from airflow_codepipeline.execution.conditions import has_task
from airflow_codepipeline.execution.run_order import run_order_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import DAG, BaseOperator

    from airflow_codepipeline.dag.wiring import Wiring
    from airflow_codepipeline.definition.model import Stage


def add_stage(dag: DAG, wiring: Wiring, stage: Stage, *, after: BaseOperator | None) -> BaseOperator:
    """Add a stage to a DAG and return the task that the next stage follows.

        enter ─> [beforeEntry] ─> actions by runOrder … ─> [onSuccess] ─> done ─> next stage's enter
        every action ─> [onFailure]
        every one of them ─> exit

    `exit` runs when nothing of the stage is in progress any more, whatever became of it: it frees the
    stage. `done` succeeds only when every action did, or beforeEntry skipped them, so that a run's state is
    truthful. What stands in brackets is there where the stage declares it. All of them but onFailure and exit
    follow `enter` itself too: a retry passes the gate again, and what runs again must wait for it although
    what stands between them has succeeded before.

    :param after: the task that this stage follows; none for the first stage.
    """
    place: dict[str, Any] = {
        "task_group": TaskGroup(group_id=names.group_id(stage.name), dag=dag),
        "dag": dag,
    }
    enter = _gate(wiring, stage, place)
    if after is not None:
        _follow(enter, [after])
    before = _condition(ConditionDeclaration(wiring, stage, "BEFORE_ENTRY"), place, after=[enter])
    entered = [enter, *([before] if before else [])]
    groups = _actions(wiring, stage, place, after=entered)
    last = groups[-1] if groups else entered
    success = _condition(ConditionDeclaration(wiring, stage, "ON_SUCCESS"), place, after=[enter, *last])
    every_action = [task for tasks in groups for task in tasks]
    failure = _condition(ConditionDeclaration(wiring, stage, "ON_FAILURE"), place, after=every_action)
    hooks = [task for task in (before, success, failure) if task]
    leave = EmptyOperator(task_id=names.EXIT, trigger_rule=TriggerRule.ALL_DONE, **place)
    _follow(leave, [enter, *every_action, *hooks])
    # Of a stage that is skipped only beforeEntry has succeeded, and nothing has failed.
    rule = TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS if before else TriggerRule.ALL_SUCCESS
    done = _done(wiring, stage, place | {"task_id": names.DONE, "trigger_rule": rule})
    _follow(done, [*entered, *([success] if success else last)])
    return done


def _gate(wiring: Wiring, stage: Stage, place: dict[str, Any]) -> BaseOperator:
    return StageGateSensor(
        task_id=names.ENTER,
        mode=wiring.pipeline.execution_mode,
        exit_task=names.exit_id(stage.name),
        run_task=names.exit_id(wiring.pipeline.stages[0].name),
        retry_task=_retry_task(stage),
        definition=wiring.definition,
        starts_in_trigger=not wiring.pipeline.required_variables,
        **place,
    )


def _done(wiring: Wiring, stage: Stage, place: dict[str, Any]) -> BaseOperator:
    """Return what ends a stage: Airflow itself, unless the stage updates assets."""
    if not stage.airflow.outlets:
        return EmptyOperator(**place)
    from airflow_codepipeline.dag.stage_done import StageDoneOperator

    return StageDoneOperator(wiring=wiring, stage=stage, **place)


def _retry_task(stage: Stage) -> str | None:
    """Return the task that decides whether the stage is retried by itself, where it may be."""
    failure = stage.on_failure
    if failure is None:
        return None
    results = {failure.result, *(condition.result for condition in failure.conditions)}
    return names.condition_id(stage.name, "ON_FAILURE") if "RETRY" in results else None


def _follow(task: BaseOperator, before: Sequence[BaseOperator]) -> None:
    """Let a task run after others of its DAG, as `set_upstream` does.

    That hashes the DAG with all its task ids for every edge, to compare the tasks' DAGs: a fifth of the
    time in which a pipeline of 200 actions is built.
    """
    for other in before:
        other.downstream_task_ids.add(task.task_id)
        task.upstream_task_ids.add(other.task_id)


def _actions(
    wiring: Wiring, stage: Stage, place: dict[str, Any], *, after: Sequence[BaseOperator]
) -> list[list[BaseOperator]]:
    """Add the tasks of a stage's actions; return them by runOrder.

    :param after: what lets an execution in.
    """
    groups: list[list[BaseOperator]] = []
    for actions in run_order_groups(stage):
        tasks = [_action(ActionDeclaration(wiring, stage, action), place) for action in actions]
        for task in tasks:
            _follow(task, [*after[:1], *groups[-1]] if groups else after)
        groups.append(tasks)
    return groups


def _action(declaration: ActionDeclaration, place: dict[str, Any]) -> BaseOperator:
    label = names.action_label(declaration.action.name)
    if declaration.action.action_type_id.category == "Approval":
        from airflow_codepipeline.dag.approval import ManualApprovalSensor

        return ManualApprovalSensor(declaration=declaration, task_id=label, **place)
    return ActionOperator(declaration=declaration, task_id=label, **place)


def _condition(
    declaration: ConditionDeclaration, place: dict[str, Any], *, after: Sequence[BaseOperator]
) -> BaseOperator | None:
    """Add the task of a hook, where the stage has something to decide there."""
    if not has_task(declaration.stage, declaration.hook):
        return None
    task: BaseOperator
    if declaration.hook == "ON_FAILURE":
        from airflow_codepipeline.dag.failure_condition import FailureConditionOperator

        task = FailureConditionOperator(
            declaration=declaration,
            starts_in_trigger=not declaration.pipeline.required_variables,
            task_id=declaration.label,
            trigger_rule=TriggerRule.ONE_FAILED,
            **place,
        )
    else:
        from airflow_codepipeline.dag.stage_condition import StageConditionOperator

        task = StageConditionOperator(declaration=declaration, task_id=declaration.label, **place)
    _follow(task, after)
    return task
