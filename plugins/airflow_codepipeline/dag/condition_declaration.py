"""A condition where it stands in its pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from airflow_codepipeline.dag.wiring import Wiring
from airflow_codepipeline.definition.model import Pipeline, Stage
from airflow_codepipeline.execution.conditions import (
    LABELS,
    ConditionHook,
    condition_of,
    result_of,
    retry_mode_of,
)

if TYPE_CHECKING:
    from airflow_codepipeline.definition.model import Result, RetryMode, Rule


class ConditionDeclaration(msgspec.Struct, frozen=True):
    """What a stage has to decide at a hook."""

    wiring: Wiring
    stage: Stage
    hook: ConditionHook

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline that the stage belongs to."""
        return self.wiring.pipeline

    @property
    def label(self) -> str:
        """What its task is called within the stage's group."""
        return LABELS[self.hook]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules to evaluate; none where an onFailure engages without asking."""
        condition = condition_of(self.stage, self.hook)
        return condition.rules if condition else ()

    @property
    def result(self) -> Result | None:
        """What is to happen."""
        return result_of(self.stage, self.hook)

    @property
    def retry_mode(self) -> RetryMode | None:
        """Which actions an automatic retry runs again."""
        return retry_mode_of(self.stage) if self.hook == "ON_FAILURE" else None

    def __str__(self) -> str:
        return f"{self.pipeline.name}/{self.stage.name}/{self.label}"
