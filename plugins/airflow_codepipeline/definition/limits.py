"""Patterns and limits of the declaration's values, as the API's shapes have them.

One table: the checks, the JSON Schema for editors and the test against botocore's model read it.
Source: codepipeline 2015-07-09, the shapes below PipelineDeclaration.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_codepipeline.definition import model
from airflow_codepipeline.definition.extension import ActionExtension, Approvers, PipelineExtension

_NAME = r"[A-Za-z0-9.@\-_]+"
_ROLE = r"arn:aws(-[\w]+)*:iam::[0-9]{12}:role/.*"
_PROVIDER = r"[0-9A-Za-z_-]+"


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """What a value must keep to.

    :param least: the least length of a text, list or mapping, or the least number.
    :param most: the greatest.
    :param item: the limit of each item of a list, or of each value of a mapping.
    :param key: the limit of each key of a mapping.
    """

    least: int | None = None
    most: int | None = None
    pattern: str | None = None
    item: Limit | None = None
    key: Limit | None = None


_RESOURCE_NAME = Limit(least=1, most=100, pattern=_NAME)
_ARTIFACT_NAME = Limit(least=1, most=100, pattern=r"[a-zA-Z0-9_\-]+")
_ROLE_ARN = Limit(most=1024, pattern=_ROLE)
_REGION = Limit(least=4, most=30)
_TIMEOUT = Limit(least=5, most=86400)
_VERSION = Limit(least=1, most=9, pattern=_PROVIDER)
_PROVIDER_NAME = Limit(least=1, most=35, pattern=_PROVIDER)
_COMMANDS = Limit(least=1, most=50, item=Limit(least=1, most=1000))
_GLOBS = Limit(least=1, most=8, item=Limit(least=1, most=255))
_FILTERS = Limit(least=1, most=3)

LIMITS: dict[type, dict[str, Limit]] = {
    model.Pipeline: {
        "name": _RESOURCE_NAME,
        "role_arn": _ROLE_ARN,
        "artifact_stores": Limit(key=_REGION),
        "stages": Limit(most=50),
        "version": Limit(least=1),
        "variables": Limit(most=50),
        "triggers": Limit(most=50),
    },
    model.ArtifactStore: {"location": Limit(least=3, most=63, pattern=r"[a-zA-Z0-9\-\.]+")},
    model.EncryptionKey: {"id": Limit(least=1, most=400)},
    model.Stage: {"name": _RESOURCE_NAME, "actions": Limit(most=50)},
    model.Blocker: {"name": Limit(least=1, most=100)},
    model.Action: {
        "name": _RESOURCE_NAME,
        "run_order": Limit(least=1, most=999),
        "configuration": Limit(key=Limit(least=1, most=50), item=Limit(least=1, most=1000)),
        "role_arn": _ROLE_ARN,
        "region": _REGION,
        "namespace": Limit(least=1, most=100, pattern=r"[A-Za-z0-9@\-_]+"),
        "timeout_in_minutes": _TIMEOUT,
        "commands": _COMMANDS,
        "output_variables": Limit(least=1, most=15, item=Limit(least=1, most=128)),
        "environment_variables": Limit(least=1, most=10),
    },
    model.ActionTypeId: {"provider": _PROVIDER_NAME, "version": _VERSION},
    model.InputArtifact: {"name": _ARTIFACT_NAME},
    model.OutputArtifact: {
        "name": _ARTIFACT_NAME,
        "files": Limit(least=1, most=10, item=Limit(least=1, most=128)),
    },
    model.EnvironmentVariable: {
        "name": Limit(least=1, most=128, pattern=r"[A-Za-z0-9_]+"),
        "value": Limit(least=1, most=2000),
    },
    model.BeforeEntry: {"conditions": Limit(least=1, most=1)},
    model.OnSuccess: {"conditions": Limit(least=1, most=1)},
    model.OnFailure: {"conditions": Limit(least=1, most=1)},
    model.Condition: {"rules": Limit(least=1, most=5)},
    model.Rule: {
        "name": _RESOURCE_NAME,
        "configuration": Limit(most=200, key=Limit(least=1, most=50), item=Limit(least=1, most=10_000)),
        "commands": _COMMANDS,
        "role_arn": _ROLE_ARN,
        "region": _REGION,
        "timeout_in_minutes": _TIMEOUT,
    },
    model.RuleTypeId: {"provider": _PROVIDER_NAME, "version": _VERSION},
    model.GitConfiguration: {
        "source_action_name": _RESOURCE_NAME,
        "push": _FILTERS,
        "pull_request": _FILTERS,
    },
    model.PullRequestFilter: {"events": _FILTERS},
    model.Patterns: {"includes": _GLOBS, "excludes": _GLOBS},
    model.Variable: {
        "name": Limit(least=1, most=128, pattern=r"[A-Za-z0-9@\-_]+"),
        "default_value": Limit(least=1, most=1000),
        "description": Limit(most=200),
    },
}

_NAMES = Limit(least=1, item=Limit(least=1))
OWN_LIMITS: dict[type, dict[str, Limit]] = {
    ActionExtension: {"retries": Limit(least=0), "retry_delay": Limit(least=0)},
    Approvers: {"users": _NAMES, "roles": _NAMES, "required": Limit(least=1)},
    PipelineExtension: {"max_active_runs": Limit(least=1)},
}
"""Limits of what is ours, for the JSON Schema: checks of their own find what is beyond them."""
