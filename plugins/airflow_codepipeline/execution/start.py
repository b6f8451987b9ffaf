"""What an execution may be started with: the same rules for the API, Airflow's form and the command line.

Source: CodePipeline API reference, StartPipelineExecution; user guide, "Start a pipeline with a source
revision override" and "Pipeline-level variables".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from airflow_codepipeline.execution.change_details import CHANGE, check_change
from airflow_codepipeline.execution.records import ROLLBACK, TRIGGER, Record
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.source_variables import SOURCE_VARIABLES, check_source_variables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_codepipeline.definition.model import Action, ExecutionMode, Pipeline

SOURCE_REVISIONS = "codepipeline.sourceRevisions"
"""The key of a DAG run's conf that holds source revision overrides; no variable can be called so."""
OWN_KEYS = "codepipeline."
"""What the keys of a DAG run's conf begin with that are no variables."""
MOST, MOST_VALUE, MOST_REVISION = 50, 1000, 1500
"""The most variables, and overrides; the longest value of each, in characters."""

TriggerType = Literal[
    "CreatePipeline",
    "StartPipelineExecution",
    "PollForSourceChanges",
    "Webhook",
    "CloudWatchEvent",
    "PutActionRevision",
    "WebhookV2",
    "ManualRollback",
    "AutomatedRollback",
]
RevisionType = Literal["COMMIT_ID", "IMAGE_DIGEST", "S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"]

OBJECT_KEY, OBJECT_VERSION = "S3_OBJECT_KEY", "S3_OBJECT_VERSION_ID"
"""The two types that go together: which object, and which version of it."""

_KNOWN_KEYS = frozenset({SOURCE_REVISIONS, SOURCE_VARIABLES, CHANGE, TRIGGER, ROLLBACK})
_TRIGGER_TYPES, _REVISION_TYPES = get_args(TriggerType), get_args(RevisionType)
_MEMBERS = ("actionName", "revisionType", "revisionValue")
_TAKES: dict[str, tuple[str, ...]] = {
    "S3": (OBJECT_VERSION, OBJECT_KEY),
    "ECR": ("IMAGE_DIGEST",),
    "CodeCommit": ("COMMIT_ID",),
    "CodeStarSourceConnection": ("COMMIT_ID",),
    "GitHub": ("COMMIT_ID",),
    "Git": ("COMMIT_ID",),
}
"""The revision types of each source provider; another's may be of any type."""
_ALLOW_KEY = "AllowOverrideForS3ObjectKey"
_TOKEN = re.compile(r"[a-zA-Z0-9-]{1,128}")
_DETAIL_CHARACTERS = 1024


class Trigger(Record, frozen=True, kw_only=True):
    """What started an execution (CodePipeline API, ExecutionTrigger).

    :param trigger_detail: who or what it was: a user name, a rule.
    """

    trigger_type: TriggerType
    trigger_detail: str = ""


class RevisionOverride(Record, frozen=True, kw_only=True):
    """The revision that a source action is told to take (CodePipeline API, SourceRevisionOverride)."""

    action_name: str
    revision_type: RevisionType
    revision_value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """What an execution is started with, checked.

    :param variables: the values that were given, by variable.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    revisions: tuple[RevisionOverride, ...] = ()


def check_start(
    pipeline: Pipeline, variables: Sequence[Mapping[str, Any]], revisions: Sequence[Any]
) -> Start:
    """Check what StartPipelineExecution was called with.

    :param variables: `[{"name": …, "value": …}]`.
    :param revisions: `[{"actionName": …, "revisionType": …, "revisionValue": …}]`.
    :raises Refusal: ValidationException; the message says what is wrong and what would be right.
    """
    _check_count("variables", variables)
    values: dict[str, Any] = {}
    for variable in variables:
        name = variable["name"]
        if name in values:
            raise _invalid(f"The variable {name} is given twice.")
        values[name] = variable["value"]
    return _checked(pipeline, values, revisions)


def check_conf(pipeline: Pipeline, conf: Mapping[str, Any]) -> Start:
    """Check the conf of a DAG run, whoever started it: its keys are variables, and ours.

    :raises Refusal: ValidationException.
    """
    for key in sorted(conf):
        if key.startswith(OWN_KEYS) and key not in _KNOWN_KEYS:
            raise _invalid(f"The conf has the unknown key {key!r}. Known are {_listed(sorted(_KNOWN_KEYS))}.")
    if TRIGGER in conf and _trigger_in(conf) is None:
        right = '{"triggerType": …, "triggerDetail": …}'
        raise _invalid(f"{TRIGGER} must be {right}, the type one of {', '.join(_TRIGGER_TYPES)}.")
    if SOURCE_VARIABLES in conf:
        check_source_variables(conf[SOURCE_VARIABLES], source_actions(pipeline))
    if CHANGE in conf:
        check_change(conf[CHANGE])
    values = {key: value for key, value in conf.items() if not key.startswith(OWN_KEYS)}
    return _checked(pipeline, values, conf.get(SOURCE_REVISIONS, ()))


def check_token(token: str | None) -> None:
    """Check a clientRequestToken.

    :raises Refusal: ValidationException.
    """
    if token is not None and not _TOKEN.fullmatch(token):
        raise _invalid("clientRequestToken must be 1 to 128 letters, digits and hyphens.")


def check_room(pipeline: str, mode: ExecutionMode, *, under_way: int, limit: int) -> None:
    """Check that one more execution may be under way (CodePipeline quotas); SUPERSEDED has no limit.

    :param under_way: how many executions run or wait.
    :raises Refusal: ConcurrentPipelineExecutionsLimitExceededException.
    """
    if mode != "SUPERSEDED" and under_way >= limit:
        raise Refusal(
            "ConcurrentPipelineExecutionsLimitExceededException",
            f"The pipeline {pipeline} has {under_way} executions under way, and in {mode} mode it may have "
            f"{limit}. Start again when one has ended, or raise airflow: {{max_active_runs: …}}.",
        )


def trigger_of(run_type: str, conf: Mapping[str, Any] | None, user: str | None) -> Trigger:
    """Return what started an execution: what its conf says of it, else what Airflow knows.

    A schedule is on AWS an EventBridge rule, whose trigger type is CloudWatchEvent. A backfill is started by
    a person.

    :param run_type: of the DAG run.
    :param user: the user name of who started the run, where Airflow knows one.
    """
    given = _trigger_in(conf or {})
    if given is not None:
        return given
    if run_type == "scheduled":
        return Trigger(trigger_type="CloudWatchEvent", trigger_detail="Airflow's schedule")
    if run_type.startswith("asset"):
        return Trigger(trigger_type="CloudWatchEvent", trigger_detail="An asset of Airflow's")
    detail = user or "Airflow"
    if run_type == "backfill":
        detail = f"{detail} (backfill)"
    return Trigger(trigger_type="StartPipelineExecution", trigger_detail=detail[:_DETAIL_CHARACTERS])


def source_actions(pipeline: Pipeline) -> dict[str, Action]:
    """Return the source actions of a pipeline by their names."""
    return {
        action.name: action
        for stage in pipeline.stages
        for action in stage.actions
        if action.action_type_id.category == "Source"
    }


def revision_types(action: Action) -> tuple[str, ...]:
    """Return the types of revisions that a source action takes, the usual one first."""
    return _TAKES.get(action.action_type_id.provider, _REVISION_TYPES)


def _trigger_in(conf: Mapping[str, Any]) -> Trigger | None:
    given = conf.get(TRIGGER)
    if not isinstance(given, dict) or given.get("triggerType") not in _TRIGGER_TYPES:
        return None
    kind, detail = cast("TriggerType", given["triggerType"]), str(given.get("triggerDetail") or "")
    return Trigger(trigger_type=kind, trigger_detail=detail[:_DETAIL_CHARACTERS])


def _checked(pipeline: Pipeline, values: Mapping[str, Any], revisions: Any) -> Start:
    declared = {variable.name: variable.default_value for variable in pipeline.variables}
    for name, value in values.items():
        if name not in declared:
            raise _invalid(
                f"The pipeline {pipeline.name} has no variable {name!r}. Its variables: {_listed(declared)}."
            )
        _check_value(name, value, declared[name])
    missing = [variable.name for variable in pipeline.required_variables if variable.name not in values]
    if missing:
        raise _invalid(
            f"The pipeline {pipeline.name} needs a value for {_listed(missing)}: it has no default."
        )
    return Start(variables=dict(values), revisions=_overrides(pipeline, revisions))


def _check_value(name: str, value: Any, default: str | None) -> None:
    """Check a variable's value; Airflow's form sends the default along, whatever its length."""
    if not isinstance(value, str):
        raise _invalid(f"The value of the variable {name} must be a text, not {value!r}.")
    if value != default and not 1 <= len(value) <= MOST_VALUE:
        raise _invalid(
            f"The value of the variable {name} has {len(value)} characters; it must have 1 to {MOST_VALUE}."
        )


def _overrides(pipeline: Pipeline, revisions: Any) -> tuple[RevisionOverride, ...]:
    if not isinstance(revisions, list | tuple):
        raise _invalid(f"{SOURCE_REVISIONS} must be a list of {{{', '.join(_MEMBERS)}}}, not {revisions!r}.")
    _check_count("sourceRevisions", revisions)
    sources = source_actions(pipeline)
    made: list[RevisionOverride] = []
    for index, given in enumerate(revisions):
        override = _override(f"sourceRevisions[{index}]", given, sources)
        _check_combination(override, made)
        made.append(override)
    return tuple(made)


def _override(place: str, given: Any, sources: Mapping[str, Action]) -> RevisionOverride:
    if not isinstance(given, dict) or sorted(given) != sorted(_MEMBERS):
        raise _invalid(f"{place} must have exactly {', '.join(_MEMBERS)}, not {given!r}.")
    name, kind, value = (given[member] for member in _MEMBERS)
    action = sources.get(name) if isinstance(name, str) else None
    if action is None:
        raise _invalid(f"{place}: {name!r} is no source action. The source actions: {_listed(sources)}.")
    if kind not in revision_types(action):
        takes = " or ".join(revision_types(action))
        raise _invalid(f"{place}: {name} is of {action.action_type_id} and takes {takes}, not {kind!r}.")
    if not isinstance(value, str) or not 1 <= len(value) <= MOST_REVISION:
        raise _invalid(f"{place}: revisionValue must be a text of 1 to {MOST_REVISION} characters.")
    if kind == OBJECT_KEY and action.configuration.get(_ALLOW_KEY, "").strip().lower() != "true":
        raise _invalid(f"{place}: {name} does not allow another object key. Set {_ALLOW_KEY} to true in it.")
    return RevisionOverride(action_name=name, revision_type=kind, revision_value=value)


def _check_combination(override: RevisionOverride, before: Sequence[RevisionOverride]) -> None:
    """Check that an action gets one revision; an S3 key and a version of that key go together."""
    for other in before:
        if other.action_name != override.action_name:
            continue
        kinds = {other.revision_type, override.revision_type}
        if kinds != {OBJECT_KEY, OBJECT_VERSION}:
            raise _invalid(
                f"sourceRevisions has more than one revision for {override.action_name}. Only {OBJECT_KEY} "
                f"and {OBJECT_VERSION} go together."
            )


def _check_count(what: str, items: Sequence[Any]) -> None:
    if len(items) > MOST:
        raise _invalid(f"{what} has {len(items)} items; it may have {MOST}.")


def _listed(names: Any) -> str:
    return ", ".join(names) or "none"


def _invalid(message: str) -> Refusal:
    return Refusal("ValidationException", message)
