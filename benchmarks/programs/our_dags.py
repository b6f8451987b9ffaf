"""The project's own DAG file as Airflow parses it: `python our_dags.py FILE`, CODEPIPELINE_PIPELINES set."""

from __future__ import annotations

import runpy
import sys

from airflow.sdk import DAG

from airflow_codepipeline.dag.own_dags import is_own

namespace = runpy.run_path(sys.argv[1])
pipelines = [key for key, value in namespace.items() if type(value) is DAG and not is_own(key)]
print(f"{len(pipelines)} DAGs")
