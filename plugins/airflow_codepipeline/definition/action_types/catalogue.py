"""The catalogue of action types and rule types: counts, keys, variables, time limits.

The data stands in the JSON files beside this module, one a category. Source: CodePipeline user guide,
"Action structure reference" and "Rule structure reference".
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from airflow_codepipeline.definition.layout import lay_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_codepipeline.definition.model import ActionTypeId, RuleTypeId

_FILES = ("source", "build", "test", "deploy", "approval", "invoke", "compute", "rule")


class ConfigurationKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key of an action's configuration.

    :param secret: its value is shown as `****`.
    :param values: the values that are allowed; none: any.
    """

    required: bool = False
    secret: bool = False
    values: tuple[str, ...] | None = None


class ActionType(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What CodePipeline knows of one action type, or of one rule type (category `Rule`).

    :param inputs: the least and the greatest count of input artifacts.
    :param outputs: the least and the greatest count of output artifacts.
    :param timeout_minutes: when an action of the type times out by default.
    :param variables: the output variables; none where the action itself decides.
    :param any_key: whether the provider defines keys that are not listed here.
    :param v2_only: whether AWS takes it in a pipeline of type V2 only.
    """

    category: Literal["Source", "Build", "Deploy", "Test", "Invoke", "Approval", "Compute", "Rule"]
    owner: Literal["AWS", "ThirdParty", "Custom"]
    provider: str
    version: str
    inputs: tuple[int, int]
    outputs: tuple[int, int]
    timeout_minutes: int
    configuration: dict[str, ConfigurationKey]
    variables: tuple[str, ...] | None
    any_key: bool = False
    v2_only: bool = False

    @property
    def required_keys(self) -> tuple[str, ...]:
        """The configuration keys that must be there."""
        return tuple(name for name, key in self.configuration.items() if key.required)

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The configuration keys whose values must never be shown."""
        return tuple(name for name, key in self.configuration.items() if key.secret)


lay_out(ActionType)


def action_type(type_id: ActionTypeId) -> ActionType | None:
    """Return what is known of an action type; none: it is not in the catalogue."""
    return _catalogue().get((type_id.category, type_id.owner, type_id.provider, type_id.version))


def rule_type(type_id: RuleTypeId) -> ActionType | None:
    """Return what is known of a rule type; none: it is not in the catalogue."""
    return _catalogue().get((type_id.category, type_id.owner, type_id.provider, type_id.version or "1"))


def action_types() -> Iterable[ActionType]:
    """Return every action type and rule type of the catalogue."""
    return _catalogue().values()


@cache
def _catalogue() -> dict[tuple[str, str, str, str], ActionType]:
    folder = Path(__file__).parent
    decoder = msgspec.json.Decoder(list[ActionType])
    return {
        (known.category, known.owner, known.provider, known.version): known
        for name in _FILES
        for known in decoder.decode((folder / f"{name}.json").read_bytes())
    }
