"""What building the pipelines of a folder imports: `python sample_modules.py FOLDER`.

Prints the modules that `import airflow.sdk` and an empty DAG bring, and those that are there in the end.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from airflow.sdk import DAG

DAG("empty", schedule=None)
before = sorted(sys.modules)

from airflow_codepipeline import build_dag, read_pipeline  # noqa: E402

for path in sorted(Path(sys.argv[1]).iterdir()):
    build_dag(read_pipeline(path))
print(json.dumps({"before": before, "after": sorted(sys.modules)}))
