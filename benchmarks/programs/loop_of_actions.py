"""The DAGs as someone writes them by hand who needs the actions only: `python loop_of_actions.py NAME…`."""

from __future__ import annotations

import sys

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TaskGroup

for name in sys.argv[1:]:
    with DAG(name, schedule=None, tags=["benchmark"]) as dag:
        with TaskGroup("Source") as source:
            EmptyOperator(task_id="Code")
            BashOperator(task_id="Image", bash_command=f"echo {name}")
        with TaskGroup("Build") as build:
            EmptyOperator(task_id="Compile")
            BashOperator(task_id="Test", bash_command=f"echo {name}")
        with TaskGroup("Deploy") as deploy:
            stack = EmptyOperator(task_id="Stack")
            stack >> BashOperator(task_id="Website", bash_command=f"echo {name}")
        source >> build >> deploy
    globals()[name] = dag

print(f"{len(globals().keys() & sys.argv)} DAGs")
