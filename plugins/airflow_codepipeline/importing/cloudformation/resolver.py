"""The values of a template, as a deployment would see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from airflow_codepipeline.definition.suggest import did_you_mean
from airflow_codepipeline.importing.cloudformation import lookups, references, texts
from airflow_codepipeline.importing.cloudformation.conditions import Conditions
from airflow_codepipeline.importing.cloudformation.loops import is_loop, unrolled
from airflow_codepipeline.importing.kinds import FUNCTION, MALFORMED, NULL, FaultError
from airflow_codepipeline.importing.values import Mapping, Sequence, scalar_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_codepipeline.definition.findings import Problem
    from airflow_codepipeline.definition.text import Position
    from airflow_codepipeline.importing.cloudformation.stack import Given
    from airflow_codepipeline.importing.cloudformation.template import Template
    from airflow_codepipeline.importing.variables import Variables


# Functions and values inside each other: templates have ten or so, and a circle has no end.
_DEEPEST = 80


class _Nothing:
    """What `AWS::NoValue` gives: the property, or the item, is not there."""


NOTHING: Final = _Nothing()


class Resolver:
    """Resolves values of one template.

    What is wrong is collected in `problems`, so that a file's errors are all said at once.

    :param given: values for parameters, and the deployed stack.
    :param variables: gets what only a deployed stack knows.
    """

    def __init__(self, template: Template, given: Given, variables: Variables) -> None:
        self.template = template
        self.given = given
        self.variables = variables
        self.problems: list[Problem] = []
        self.conditions = Conditions(self)
        self._depth = 0

    def resolve(self, value: Any, position: Position | None) -> Any:
        """Return a value without functions, or NOTHING.

        :param position: where the value stands.
        """
        if not isinstance(value, Mapping | Sequence):
            return value
        self._depth += 1
        try:
            if self._depth > _DEEPEST:
                raise FaultError(MALFORMED, "Values refer to each other in a circle.", position)
            if isinstance(value, Sequence):
                return self._sequence(value)
            return self._mapping(value, position)
        except FaultError as fault:
            self.problems.append(fault.problem)
            return ""
        finally:
            self._depth -= 1

    def text(self, value: Any, position: Position | None) -> str:
        """Return a value that must be a text, as a text.

        :raises FaultError: it is none.
        """
        resolved = self.resolve(value, position)
        if resolved is NOTHING or resolved is None or isinstance(resolved, dict | list):
            raise FaultError(FUNCTION, "A text was expected here.", position)
        return scalar_text(resolved)

    def _sequence(self, value: Sequence) -> Sequence:
        items = Sequence(value.position)
        for index, item in enumerate(value):
            position = value.place(index)
            resolved = self._present(item, position)
            if resolved is not NOTHING:
                items.add(resolved, position)
        return items

    def _mapping(self, value: Mapping, position: Position | None) -> Any:
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref" or (name.startswith("Fn::") and not is_loop(name)):
                return self._call(name, argument, value.position or position)
        made = Mapping(value.position)
        for key, item in unrolled(self, value):
            if key == "Fn::Transform":
                lookups.transform(self, item, value.place(key))
            if key.startswith("Fn::"):
                raise FaultError(FUNCTION, f"{key} must stand alone in its mapping.", value.place(key))
            resolved = self._present(item, value.place(key))
            if resolved is not NOTHING:
                made[key] = resolved
                made.places[key] = value.place(key) or (1, 1)
        return made

    def _present(self, item: Any, position: Position | None) -> Any:
        if item is None:
            problem = NULL.problem("null is not allowed in a template.", position=position)
            self.problems.append(problem)
        return self.resolve(item, position)

    def _call(self, name: str, argument: Any, position: Position | None) -> Any:
        if name == "Ref" and argument == references.NO_VALUE:
            return NOTHING
        function = _FUNCTIONS.get(name)
        if function is None:
            raise FaultError(
                FUNCTION,
                f"There is no function {name} here.",
                position,
                did_you_mean(name, _FUNCTIONS),
            )
        return function(self, argument, position)


def _if(resolver: Resolver, argument: Any, position: Position | None) -> Any:
    if not isinstance(argument, Sequence) or len(argument) != 3:
        raise FaultError(FUNCTION, "Fn::If wants a condition and two values.", position)
    holds = resolver.conditions.decide(argument[0], position)
    chosen = 1 if holds else 2
    return resolver.resolve(argument[chosen], argument.place(chosen) or position)


_FUNCTIONS: dict[str, Callable[[Resolver, Any, Position | None], Any]] = {
    "Ref": references.ref,
    "Fn::Base64": texts.base64_of,
    "Fn::FindInMap": lookups.find_in_map,
    "Fn::GetAZs": lookups.get_azs,
    "Fn::GetAtt": references.get_att,
    "Fn::If": _if,
    "Fn::ImportValue": lookups.import_value,
    "Fn::Join": texts.join,
    "Fn::Length": texts.length,
    "Fn::Select": texts.select,
    "Fn::Split": texts.split,
    "Fn::Sub": texts.sub,
    "Fn::ToJsonString": texts.to_json_string,
    "Fn::Transform": lookups.transform,
}
