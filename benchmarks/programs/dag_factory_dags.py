"""The same DAGs by dag-factory, in the environment that has it: `python dag_factory_dags.py FILE`."""

from __future__ import annotations

import sys

from airflow.sdk import DAG
from dagfactory import load_yaml_dags

load_yaml_dags(globals_dict=globals(), config_filepath=sys.argv[1])
print(f"{sum(type(value) is DAG for value in tuple(globals().values()))} DAGs")
