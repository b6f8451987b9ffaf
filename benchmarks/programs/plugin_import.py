"""What every Airflow process pays for the plugin: `python plugin_import.py PLUGINS_FOLDER`, prints CPU ms."""

from __future__ import annotations

import sys
import time

import airflow.plugins_manager  # noqa: F401

sys.path.insert(0, sys.argv[1])
before = time.process_time()
import airflow_codepipeline.plugin  # noqa: E402, F401
import codepipeline_plugin  # noqa: E402, F401

print((time.process_time() - before) * 1000)
