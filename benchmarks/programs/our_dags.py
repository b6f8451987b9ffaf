"""The project's own DAG file as Airflow parses it: `python our_dags.py FILE`, CODEPIPELINE_PIPELINES set."""

from __future__ import annotations

import runpy
import sys

from airflow.sdk import DAG

namespace = runpy.run_path(sys.argv[1])
print(f"{sum(type(value) is DAG for value in namespace.values())} DAGs")
