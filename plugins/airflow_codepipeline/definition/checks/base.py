"""What a check gets and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from airflow_codepipeline.definition.checks.configured import find_configured
from airflow_codepipeline.definition.checks.uses import find_uses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_codepipeline.definition.action_types.catalogue import ActionType
    from airflow_codepipeline.definition.checks.uses import Use
    from airflow_codepipeline.definition.findings import Kind, Path, Problem
    from airflow_codepipeline.definition.model import (
        Action,
        BeforeEntry,
        Condition,
        OnFailure,
        OnSuccess,
        Pipeline,
        Rule,
        Stage,
    )


class PlacedAction(NamedTuple):
    """An action and where it stands."""

    stage_index: int
    number: int
    stage: Stage
    action: Action

    @property
    def path(self) -> Path:
        """Where it stands in the declaration."""
        return ("stages", self.stage_index, "actions", self.number)

    @property
    def order(self) -> tuple[int, int]:
        """When it runs: a smaller order has surely finished before."""
        return self.stage_index, self.action.run_order

    @property
    def is_source(self) -> bool:
        """Whether its category is Source."""
        return self.action.action_type_id.category == "Source"


class PlacedCondition(NamedTuple):
    """A condition, the hook of a stage that it belongs to, and where it stands."""

    stage_index: int
    hook: str
    condition: Condition
    path: Path


class PlacedRule(NamedTuple):
    """A rule and where it stands."""

    stage_index: int
    hook: str
    rule: Rule
    path: Path


def hooks(stage: Stage) -> tuple[tuple[str, BeforeEntry | OnSuccess | OnFailure], ...]:
    """Return the hooks that a stage has, by key, in the order of a stage's life."""
    all_hooks = (
        ("beforeEntry", stage.before_entry),
        ("onSuccess", stage.on_success),
        ("onFailure", stage.on_failure),
    )
    return tuple((key, hook) for key, hook in all_hooks if hook is not None)


class Survey:
    """One pipeline, looked over once for all checks."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.actions = tuple(
            PlacedAction(stage_index, number, stage, action)
            for stage_index, stage in enumerate(pipeline.stages)
            for number, action in enumerate(stage.actions)
        )

    @cached_property
    def conditions(self) -> tuple[PlacedCondition, ...]:
        """Every condition, by stage and in the order of a stage's life."""
        return tuple(
            PlacedCondition(index, key, condition, ("stages", index, key, "conditions", number))
            for index, stage in enumerate(self.pipeline.stages)
            for key, hook in hooks(stage)
            for number, condition in enumerate(hook.conditions)
        )

    @cached_property
    def rules(self) -> tuple[PlacedRule, ...]:
        """Every rule of every condition."""
        return tuple(
            PlacedRule(placed.stage_index, placed.hook, rule, (*placed.path, "rules", index))
            for placed in self.conditions
            for index, rule in enumerate(placed.condition.rules)
        )

    @cached_property
    def namespaces(self) -> dict[str, PlacedAction]:
        """The action that declares each namespace, the first where several do."""
        found: dict[str, PlacedAction] = {}
        for placed in self.actions:
            if placed.action.namespace is not None:
                found.setdefault(placed.action.namespace, placed)
        return found

    @cached_property
    def producers(self) -> dict[str, PlacedAction]:
        """The action that writes each artifact, the first where several do."""
        found: dict[str, PlacedAction] = {}
        for placed in self.actions:
            for artifact in placed.action.output_artifacts:
                found.setdefault(artifact.name, placed)
        return found

    @cached_property
    def configured(self) -> tuple[tuple[Path, dict[str, str], ActionType], ...]:
        """The path, the configuration and the type of each action and rule whose type is known."""
        return tuple(find_configured(self))

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every reference to a variable that is resolved at run time."""
        return tuple(find_uses(self))


@dataclass(frozen=True, slots=True)
class Check:
    """A kind of finding and the function that finds it."""

    kind: Kind
    find: Callable[[Survey], Iterator[Problem]]


def repeated(values: list[tuple[str, Path]]) -> Iterator[tuple[str, Path]]:
    """Yield each value that came before, with the path of its later occurrence."""
    seen = set()
    for value, path in values:
        if value in seen:
            yield value, path
        seen.add(value)
