"""The filters of a webhook: what of a payload must be there, or be what it should be (PutWebhook).

Source: CodePipeline API reference, WebhookFilterRule. Paths are JsonPath as its Java implementation writes
it, without functions and regular expressions.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from jsonpath_ng import JSONPath
from jsonpath_ng.exceptions import JSONPathError
from jsonpath_ng.ext.parser import parse
from jsonpath_ng.ext.string import DefintionInvalid

from airflow_codepipeline.errors import CodePipelineError
from airflow_codepipeline.execution.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_UNDERSTOOD = frozenset(
    {
        "And",
        "Child",
        "Descendants",
        "Expression",
        "Fields",
        "Filter",
        "Index",
        "Or",
        "Root",
        "Slice",
        "This",
        "Wildcard",
    }
)
"""The classes that a path may be made of, not all of which every release of the parser has.

It knows more, and that fails on some payloads."""
_REGULAR_EXPRESSION = "=~"
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


class FilterError(CodePipelineError):
    """A filter that can never be told to pass."""


class WebhookFilter(Record, frozen=True, kw_only=True):
    """One rule.

    :param match_equals: what one of the selected values must be, with `{Key}` for what the target action's
        configuration has there; none: something must be selected.
    """

    json_path: str
    match_equals: str | None = None

    def check(self, configuration: Mapping[str, str]) -> None:
        """Check that the filter means something for an action of this configuration.

        :raises FilterError: it does not.
        """
        _parsed(self.json_path)
        self._wanted(configuration)

    def refusal(self, payload: Any, configuration: Mapping[str, str]) -> str | None:
        """Return why a payload does not pass; none where it does.

        :raises FilterError: the filter means nothing for an action of this configuration.
        """
        selected = [_text(match.value) for match in _parsed(self.json_path).find(payload)]
        wanted = self._wanted(configuration)
        if wanted is None:
            return None if selected else f"The payload has nothing at {self.json_path}."
        if wanted in selected:
            return None
        return f"The payload does not have {wanted!r} at {self.json_path}."

    def _wanted(self, configuration: Mapping[str, str]) -> str | None:
        def value(match: re.Match[str]) -> str:
            if match[1] not in configuration:
                known = ", ".join(configuration) or "none"
                raise FilterError(
                    f"{match[0]} in {self.match_equals!r} names no key of the target action's configuration. "
                    f"Its keys: {known}."
                )
            return configuration[match[1]]

        return None if self.match_equals is None else _PLACEHOLDER.sub(value, self.match_equals)


def first_refusal(
    filters: Iterable[WebhookFilter], payload: Any, configuration: Mapping[str, str]
) -> str | None:
    """Return why a payload does not pass all filters; none where it does."""
    for one in filters:
        try:
            why = one.refusal(payload, configuration)
        except FilterError as error:
            return str(error)
        if why is not None:
            return why
    return None


@lru_cache(maxsize=1024)
def _parsed(path: str) -> Any:
    try:
        parsed = parse(path)
    except (JSONPathError, DefintionInvalid) as error:
        raise FilterError(f"{path!r} is no JsonPath that is understood here: {error}.") from error
    if not all(map(_is_understood, _parts(parsed))):
        raise FilterError(
            f"{path!r} is no JsonPath that is understood here: functions, arithmetic, sorting and regular "
            "expressions are not."
        )
    return parsed


def _is_understood(part: JSONPath) -> bool:
    return type(part).__name__ in _UNDERSTOOD and getattr(part, "op", None) != _REGULAR_EXPRESSION


def _parts(path: JSONPath) -> Iterator[JSONPath]:
    """Yield a path and all that it is made of."""
    yield path
    for value in vars(path).values():
        for inner in value if isinstance(value, list) else (value,):
            if isinstance(inner, JSONPath):
                yield from _parts(inner)


def _text(value: Any) -> str:
    """Return a value as matchEquals spells it: texts as they are, the rest as in JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
