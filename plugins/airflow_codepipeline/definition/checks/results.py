"""A condition's result is one its hook has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.definition.checks.base import Survey
    from airflow_codepipeline.definition.findings import Path, Problem

_RESULTS = {
    "beforeEntry": ("FAIL", "SKIP"),
    "onSuccess": ("FAIL", "ROLLBACK"),
    "onFailure": ("FAIL", "RETRY", "ROLLBACK"),
}

KIND = Kind(
    id="CP704",
    severity="error",
    what="A hook of a stage has a result that is not possible there.",
    right="beforeEntry: FAIL, SKIP; onSuccess: FAIL, ROLLBACK; onFailure: FAIL, RETRY, ROLLBACK.",
)


def find(survey: Survey) -> Iterator[Problem]:
    """Find results that the hook cannot have (user guide, "Stage conditions")."""
    for placed in survey.conditions:
        result = placed.condition.result
        if result is not None and result not in _RESULTS[placed.hook]:
            yield _problem(placed.hook, result, (*placed.path, "result"))
    for index, stage in enumerate(survey.pipeline.stages):
        if stage.on_failure is not None and stage.on_failure.result == "SKIP":
            yield _problem("onFailure", "SKIP", ("stages", index, "onFailure", "result"))


def _problem(hook: str, result: str, path: Path) -> Problem:
    allowed = ", ".join(_RESULTS[hook])
    return KIND.problem(f"{hook} cannot have the result {result}.", path, suggestion=f"Allowed: {allowed}.")
