"""What every file of DAGs imports, and one empty DAG: `python bare_imports.py`."""

from __future__ import annotations

from airflow.providers.standard.operators.bash import BashOperator  # noqa: F401
from airflow.providers.standard.operators.empty import EmptyOperator  # noqa: F401
from airflow.providers.standard.sensors.bash import BashSensor  # noqa: F401
from airflow.sdk import DAG, TaskGroup  # noqa: F401

empty = DAG("empty", schedule=None)
if __name__ == "__main__":
    print("1 DAGs")
