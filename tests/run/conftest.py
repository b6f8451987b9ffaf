"""The servers that the tests of runs share."""

from __future__ import annotations

from fixtures.airflow_server import airflow_server, codebuild_calls, puppets, sample
from fixtures.changing import changing_sources
from fixtures.mwaa import mwaa_python
from fixtures.trial import trial

__all__ = [
    "airflow_server",
    "changing_sources",
    "codebuild_calls",
    "mwaa_python",
    "puppets",
    "sample",
    "trial",
]
