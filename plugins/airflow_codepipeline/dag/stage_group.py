"""A stage as a task group: its gate, its actions by runOrder, what frees it, what says it succeeded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import TaskGroup, TriggerRule

from airflow_codepipeline.dag import names
from airflow_codepipeline.dag.action_operator import ActionOperator
from airflow_codepipeline.dag.stage_gate import StageGateSensor
from airflow_codepipeline.dag.wiring import ActionDeclaration
from airflow_codepipeline.execution.run_order import run_order_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import DAG, BaseOperator

    from airflow_codepipeline.dag.wiring import Wiring
    from airflow_codepipeline.definition.model import Stage


def add_stage(dag: DAG, wiring: Wiring, stage: Stage, *, after: BaseOperator | None) -> BaseOperator:
    """Add a stage to a DAG and return the task that the next stage follows.

        enter ─> actions of runOrder 1 ─> actions of runOrder 2 … ─> done ─> next stage's enter
        every one of them ─> exit

    `exit` runs when nothing of the stage is in progress any more, whatever became of it: it frees the
    stage. `done` succeeds only when every action did, so that a run's state is truthful.

    :param after: the task that this stage follows; none for the first stage.
    """
    group = TaskGroup(group_id=names.group_id(stage.name), dag=dag)
    enter = StageGateSensor(
        task_id=names.ENTER,
        mode=wiring.pipeline.execution_mode,
        exit_task=names.exit_id(stage.name),
        starts_in_trigger=not wiring.pipeline.required_variables,
        task_group=group,
        dag=dag,
    )
    if after is not None:
        _follow(enter, [after])
    leave = EmptyOperator(
        task_id=names.EXIT,
        trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS,
        task_group=group,
        dag=dag,
    )
    tasks: list[BaseOperator] = [enter]
    last = tasks
    for actions in run_order_groups(stage):
        current = [_action(dag, group, ActionDeclaration(wiring, stage, action)) for action in actions]
        for task in current:
            _follow(task, last)
        tasks = [*tasks, *current]
        last = current
    _follow(leave, tasks)
    done = EmptyOperator(task_id=names.DONE, task_group=group, dag=dag)
    _follow(done, last)
    return done


def _follow(task: BaseOperator, before: Sequence[BaseOperator]) -> None:
    """Let a task run after others of its DAG, as `set_upstream` does.

    That hashes the DAG with all its task ids for every edge, to compare the tasks' DAGs: a fifth of the
    time in which a pipeline of 200 actions is built.
    """
    for other in before:
        other.downstream_task_ids.add(task.task_id)
        task.upstream_task_ids.add(other.task_id)


def _action(dag: DAG, group: TaskGroup, declaration: ActionDeclaration) -> BaseOperator:
    label = names.action_label(declaration.action.name)
    if declaration.action.action_type_id.category == "Approval":
        from airflow_codepipeline.dag.approval import ManualApprovalSensor

        return ManualApprovalSensor(declaration=declaration, task_id=label, task_group=group, dag=dag)
    return ActionOperator(declaration=declaration, task_id=label, task_group=group, dag=dag)
