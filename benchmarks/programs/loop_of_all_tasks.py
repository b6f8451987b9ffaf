"""The DAGs by hand with the tasks and the edges that a pipeline has: `python loop_of_all_tasks.py NAME…`."""

from __future__ import annotations

import sys

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.sensors.bash import BashSensor
from airflow.sdk import DAG, TaskGroup

STAGES = {"Source": ("Code", "Image"), "Build": ("Compile", "Test"), "Deploy": ("Stack", "Website")}

for name in sys.argv[1:]:
    with DAG(name, schedule=None, tags=["benchmark"]) as dag:
        last = None
        for stage, (first, second) in STAGES.items():
            with TaskGroup(stage):
                enter = BashSensor(task_id="enter", bash_command="true", retries=10)
                actions = [
                    EmptyOperator(task_id=first, retries=10),
                    BashOperator(task_id=second, bash_command=f"echo {name}", retries=10),
                ]
                leave = EmptyOperator(task_id="exit", trigger_rule="all_done_min_one_success")
                done = EmptyOperator(task_id="done")
            if last:
                last >> enter
            if stage == "Deploy":
                actions[0] >> actions[1] >> done
            else:
                actions >> done
            enter >> [*actions, done]
            [enter, *actions] >> leave
            last = done
    globals()[name] = dag

print(f"{len(globals().keys() & sys.argv)} DAGs")
