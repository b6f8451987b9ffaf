"""Dynamic references where a role, a bucket, a name or a region belongs: the stack looks them up.

In configurations they are good texts, and stay what they are: references. Source: CloudFormation user
guide, "Get values stored in other services using dynamic references".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.importing.cloudformation.assumed import assumed_value
from airflow_codepipeline.importing.labels import slug
from airflow_codepipeline.importing.values import Mapping, Sequence, joined, part_of

if TYPE_CHECKING:
    from airflow_codepipeline.importing.variables import Variables

_REFERENCE = re.compile(r"\{\{resolve:(ssm|secretsmanager):([^{}]+)\}\}")


def looked_up(value: Any, variables: Variables, source: str) -> Any:
    """Return a value with variables in the place of references, but for configurations.

    :param source: the template's name.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key != "Configuration":
                value[key] = looked_up(item, variables, source)
    elif isinstance(value, Sequence):
        for index, item in enumerate(value):
            value[index] = looked_up(item, variables, source)
    elif isinstance(value, str) and "{{resolve:" in value:
        return _text(value, variables, source)
    return value


def _text(value: str, variables: Variables, source: str) -> str:
    parts, done = [], 0
    for match in _REFERENCE.finditer(value):
        parts += [part_of(value, done, match.start()), _variable(match, variables, source)]
        done = match.end()
    return joined([*parts, part_of(value, done, len(value))])


def _variable(reference: re.Match[str], variables: Variables, source: str) -> str:
    service, name = reference.groups()
    names = (part for part in reversed(re.split("[/:]", name)) if part and not part.isdigit())
    label = next(names, service)
    assumed = assumed_value(label, attribute=label, service="iam" if "role" in slug(label) else service)
    return variables.unknown(
        label,
        was=reference[0],
        assumed=assumed,
        source=source,
        secret=service == "secretsmanager",
    )
