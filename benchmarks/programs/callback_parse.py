"""Prints what it costs Airflow's DAG processor to answer to the end of one gate, as JSON.

Whenever a trigger ends a task Airflow 3.3.2 asks the DAG processor for the task's callbacks, also where it
has none, and that parses the DAG file. Arguments: the DAG file and a pipeline.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from pathlib import Path

import structlog
from airflow.callbacks.callback_requests import TaskCallbackRequest
from airflow.dag_processing import processor

sys.dont_write_bytecode = True


def main() -> None:
    file, pipeline = sys.argv[1:]
    task = {
        "id": str(uuid.uuid4()),
        "dag_id": pipeline,
        "run_id": "one",
        "task_id": "Build.enter",
        "try_number": 1,
        "dag_version_id": str(uuid.uuid4()),
    }
    request = TaskCallbackRequest.model_validate(
        {
            "filepath": file,
            "bundle_name": "dags-folder",
            "bundle_version": None,
            "ti": task,
            "task_callback_type": "success",
        }
    )
    message = processor.DagFileParseRequest(
        file=file, bundle_path=Path(file).parent, bundle_name="dags-folder", callback_requests=[request]
    )
    # The processor has imported what the file imports before it forks.
    processor._pre_import_airflow_modules(file, structlog.get_logger())
    import airflow_codepipeline.dag.factory  # noqa: F401

    began = time.process_time()
    processor._parse_file(message, structlog.get_logger())
    print(json.dumps({"milliseconds": (time.process_time() - began) * 1000}))


main()
