"""Parses one DAG file exactly as Airflow's DAG processor does, and prints what came of it as JSON.

A process of its own: `python parse_program.py DAG_FILE BUNDLE_PATH`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

opened: list[str] = []
connections: list[str] = []


def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        opened.append(arguments[0])
    elif event == "socket.connect":
        connections.append(str(arguments[1]))


def main() -> None:
    import structlog
    from airflow.dag_processing.processor import DagFileParseRequest, _parse_file

    sys.addaudithook(watch)
    file, bundle_path = sys.argv[1:]
    request = DagFileParseRequest(file=file, bundle_path=Path(bundle_path), bundle_name="tests")
    result = _parse_file(request, structlog.get_logger())
    report = {
        "dags": {dag.dag_id: dag.data for dag in result.serialized_dags},
        "import_errors": result.import_errors,
        "opened": opened,
        "connections": connections,
    }
    sys.stdout.write("\n" + json.dumps(report))


main()
