"""What Airflow stores of the pipelines of a folder: `python serialised.py FOLDER`, prints digest and size."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from airflow.serialization.serialized_objects import DagSerialization

from airflow_codepipeline import build_dag, read_pipeline

digest, largest = hashlib.sha256(), 0
for path in sorted(Path(sys.argv[1]).iterdir()):
    # Airflow's own digest sorts the keys too, and besides them the lists: this is the stricter of the two.
    text = json.dumps(DagSerialization.to_dict(build_dag(read_pipeline(path))), sort_keys=True).encode()
    digest.update(text)
    largest = max(largest, len(text))
print(json.dumps({"digest": digest.hexdigest(), "largest": largest}))
