"""Where the command line finds the project it works on, and where it keeps what it makes."""

from __future__ import annotations

import os
from pathlib import Path

from airflow_codepipeline.errors import CodePipelineError

_MARK = Path("include", "embedded_aws", "__main__.py")


class NoProjectError(CodePipelineError):
    """The command works on a checkout of the project, and there is none."""


def project_folder() -> Path:
    """Return the project's folder: above the working directory, or where this package is checked out.

    :raises NoProjectError: there is none, as on MWAA.
    """
    here = Path.cwd()
    for folder in (here, *here.parents, *Path(__file__).resolve().parents):
        if (folder / _MARK).exists():
            return folder
    raise NoProjectError(
        f"There is no {_MARK.parent} here or above. The embedded AWS is part of the project's folder and is "
        "not shipped to MWAA: run the command in a checkout of the project."
    )


def local_folder() -> Path:
    """Return the folder for what this machine keeps: `.local`, or what CODEPIPELINE_LOCAL_DIR names."""
    return Path(os.environ.get("CODEPIPELINE_LOCAL_DIR") or project_folder() / ".local").resolve()


def settle_airflow() -> None:
    """Tell Airflow, before it is imported, to write its settings below our folder and to keep quiet.

    Its own messages would run into the table of an execution; failures are shown there.
    """
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("AIRFLOW_HOME", str(local_folder() / "run"))
