"""Conditions: which of two values, and which resources, a stack has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.suggest import did_you_mean
from airflow_codepipeline.importing.kinds import ASSUMED, FUNCTION, REFERENCE, FaultError
from airflow_codepipeline.importing.values import Mapping, Text, joined, unknowns_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_codepipeline.definition.text import Position
    from airflow_codepipeline.importing.cloudformation.resolver import Resolver


class Verdict:
    """Whether a condition holds, and the unknown values it was decided with."""

    __slots__ = ("assumptions", "holds")

    def __init__(self, *, holds: bool, assumptions: frozenset[str] = frozenset()) -> None:
        self.holds = holds
        self.assumptions = assumptions


class Conditions:
    """The conditions of one template; each that depends on an assumed value is said once."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._verdicts: dict[str, Verdict] = {}
        self._under_way: list[str] = []
        self._said: set[str] = set()

    def decide(self, name: Any, position: Position | None) -> bool:
        """Tell whether a condition holds; say where that was only assumed.

        :raises FaultError: there is no such condition, or it is malformed.
        """
        verdict = self.verdict(name, position)
        if verdict.assumptions and name not in self._said:
            self._said.add(name)
            decided = "holds" if verdict.holds else "does not hold"
            message = f"The condition {name} {decided}, assuming {', '.join(sorted(verdict.assumptions))}."
            problem = ASSUMED.problem(message, suggestion=ASSUMED.right, position=position)
            self._resolver.problems.append(problem)
        return verdict.holds

    def verdict(self, name: Any, position: Position | None) -> Verdict:
        """Return the verdict on a named condition.

        :raises FaultError: there is no such condition, it is malformed, or it names itself.
        """
        declared = self._resolver.template.conditions
        if not isinstance(name, str) or name not in declared:
            known = did_you_mean(str(name), declared)
            raise FaultError(REFERENCE, f"The template has no condition {name}.", position, known)
        if name in self._under_way:
            raise FaultError(REFERENCE, f"The condition {name} depends on itself.", position)
        if name not in self._verdicts:
            self._under_way.append(name)
            try:
                self._verdicts[name] = self._evaluate(declared[name], declared.place(name))
            finally:
                self._under_way.pop()
        return self._verdicts[name]

    def _evaluate(self, value: Any, position: Position | None) -> Verdict:
        if isinstance(value, Mapping) and len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Condition":
                return self.verdict(argument, value.position)
            function = _FUNCTIONS.get(name)
            if function is not None and isinstance(argument, list):
                return function(self, argument, value.position)
        message = "A condition is one of Fn::Equals, Fn::And, Fn::Or, Fn::Not and Condition."
        raise FaultError(FUNCTION, message, position)

    def _equals(self, argument: list[Any], position: Position | None) -> Verdict:
        if len(argument) != 2:
            raise FaultError(FUNCTION, "Fn::Equals wants two values.", position)
        left, right = (self._comparable(item, position) for item in argument)
        if left == right and _pieces(left) == _pieces(right):
            return Verdict(holds=True)
        assumed = (piece for piece in unknowns_in([left, right]) if piece.known is None)
        assumptions = (f"{piece.was} = '{piece.assumed}'" for piece in assumed)
        return Verdict(holds=str(left) == str(right), assumptions=frozenset(assumptions))

    def _comparable(self, value: Any, position: Position | None) -> str:
        resolved = self._resolver.resolve(value, position)
        if isinstance(resolved, list):
            return joined(self._resolver.text(item, position) + "," for item in resolved)
        return self._resolver.text(resolved, position)

    def _not(self, argument: list[Any], position: Position | None) -> Verdict:
        if len(argument) != 1:
            raise FaultError(FUNCTION, "Fn::Not wants one condition.", position)
        inner = self._evaluate(argument[0], position)
        return Verdict(holds=not inner.holds, assumptions=inner.assumptions)

    def _and(self, argument: list[Any], position: Position | None) -> Verdict:
        return _combined([self._evaluate(item, position) for item in argument], decisive=False)

    def _or(self, argument: list[Any], position: Position | None) -> Verdict:
        return _combined([self._evaluate(item, position) for item in argument], decisive=True)


def _pieces(value: str) -> Any:
    return value.pieces if isinstance(value, Text) else value


def _combined(verdicts: list[Verdict], *, decisive: bool) -> Verdict:
    """Combine verdicts where one `decisive` one decides; a certain one leaves nothing to assume."""
    deciding = [verdict for verdict in verdicts if verdict.holds is decisive]
    if any(not verdict.assumptions for verdict in deciding):
        return Verdict(holds=decisive)
    assumptions = frozenset(said for verdict in verdicts for said in verdict.assumptions)
    return Verdict(holds=decisive if deciding else not decisive, assumptions=assumptions)


_FUNCTIONS: dict[str, Callable[[Conditions, list[Any], Position | None], Verdict]] = {
    "Fn::Equals": Conditions._equals,
    "Fn::Not": Conditions._not,
    "Fn::And": Conditions._and,
    "Fn::Or": Conditions._or,
}
