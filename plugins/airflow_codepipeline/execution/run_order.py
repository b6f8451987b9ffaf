"""In which order the actions of a stage run.

Source: CodePipeline user guide, "Action structure requirements": actions of the same runOrder run in
parallel; the next runOrder starts when all of them succeeded.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import Action, Stage


def run_order_groups(stage: Stage) -> list[list[Action]]:
    """Return the actions of a stage, those that run together in one list."""
    ordered = sorted(stage.actions, key=lambda action: action.run_order)
    return [list(group) for _, group in groupby(ordered, key=lambda action: action.run_order)]
