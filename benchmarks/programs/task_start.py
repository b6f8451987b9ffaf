"""A task that starts: what the project's DAG file costs when bare_imports.py's imports are made.

`python task_start.py FILE FOLDER`: prints the CPU milliseconds, and the files of the folder
that were opened.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import time

import bare_imports  # noqa: F401

file, folder = sys.argv[1:]
opened: list[str] = []


def watch(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and str(arguments[0]).startswith(folder + os.sep):
        opened.append(str(arguments[0]))


sys.addaudithook(watch)
before = time.process_time()
namespace = runpy.run_path(file)
milliseconds = (time.process_time() - before) * 1000
dags = [name for name, value in namespace.items() if type(value).__name__ == "DAG"]
print(json.dumps({"milliseconds": milliseconds, "opened": opened, "dags": dags}))
