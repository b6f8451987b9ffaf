"""The hand-written DAGs that a stage hop is compared with: tasks with one sensor between each two."""

from __future__ import annotations

from airflow.providers.standard.operators.python import PythonOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.sdk import DAG

STAGES = 4
PAST = "2026-01-01T00:00:00+00:00"


def _nothing() -> None:
    """Do what is measured: nothing."""


def _true() -> bool:
    return True


for kind in ("deferrable", "poking"):
    with DAG(f"by-hand-{kind}", schedule=None, is_paused_upon_creation=False) as dag:
        last = PythonOperator(task_id="act_0", python_callable=_nothing)
        for number in range(1, STAGES):
            sensor: DateTimeSensorAsync | PythonSensor
            if kind == "deferrable":
                # A moment that has passed: it waits for nothing, by way of the triggerer.
                sensor = DateTimeSensorAsync(
                    task_id=f"wait_{number}", target_time="2026-01-01T00:00:00+00:00"
                )
            else:
                sensor = PythonSensor(task_id=f"wait_{number}", python_callable=_true)
            act = PythonOperator(task_id=f"act_{number}", python_callable=_nothing)
            last >> sensor >> act
            last = act
    globals()[dag.dag_id] = dag
