"""Which pipelines a change starts, and with which revisions.

Every source action that takes what has changed gets the revision that the change brought; the others take
what is current. `PollForSourceChanges` does not matter here: on AWS too a rule is there or it is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.role_arn import role_home
from airflow_codepipeline.execution.start import Trigger, source_actions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from airflow_codepipeline.changes.change import Change
    from airflow_codepipeline.changes.request import StartRequest
    from airflow_codepipeline.definition.model import Action, Pipeline
    from airflow_codepipeline.execution.start import TriggerType

EVENT: TriggerType = "CloudWatchEvent"
"""The trigger type of what EventBridge starts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """Where the configuration of a source action says what it takes.

    :param item_default: what it takes where it does not say which item.
    :param is_unique: whether a container's name is no other account's and no other region's.
    """

    container: str
    item: str
    item_default: str | None = None
    is_unique: bool = False


KEYS = {
    "S3": Keys(container="S3Bucket", item="S3ObjectKey", is_unique=True),
    "CodeCommit": Keys(container="RepositoryName", item="BranchName"),
    "ECR": Keys(container="RepositoryName", item="ImageTag", item_default="latest"),
}
"""By the provider of AWS's source actions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedStart:
    """A start as StartPipelineExecution takes it.

    :param token: what is the same when the same start is wanted again; none: nothing is.
    """

    pipeline: Pipeline
    token: str | None
    trigger: Trigger
    variables: Sequence[dict[str, Any]] = ()
    source_revisions: Sequence[dict[str, Any]] = ()


def starts_of_change(
    change: Change, pipelines: Iterable[Pipeline], region_of: Callable[[Pipeline], str | None]
) -> Iterator[WantedStart]:
    """Yield a start of each pipeline that takes what has changed.

    :param region_of: gives the region of a pipeline, or none where nothing says it.
    """
    for pipeline in pipelines:
        actions = matching_actions(change, pipeline, region_of(pipeline))
        if actions:
            yield WantedStart(
                pipeline=pipeline,
                token=change.event_id,
                trigger=Trigger(trigger_type=EVENT, trigger_detail=str(change)),
                source_revisions=_revisions(change, actions),
            )


def start_of_request(
    request: StartRequest, pipeline: Pipeline, *, delivery: str | None = None
) -> WantedStart:
    """Return the start that a request wants.

    :param delivery: what stands for the request's token where it has none: the same for the same message.
    """
    return WantedStart(
        pipeline=pipeline,
        token=request.client_request_token or delivery,
        trigger=Trigger(trigger_type=EVENT, trigger_detail=request.trigger_detail or str(request)),
        variables=[{"name": given.name, "value": given.value} for given in request.variables],
        source_revisions=[
            _override(given.action_name, given.revision_type, given.revision_value)
            for given in request.source_revisions
        ],
    )


def matching_actions(change: Change, pipeline: Pipeline, region: str | None) -> list[Action]:
    """Return the source actions of a pipeline that take what has changed.

    :param region: the pipeline's; a source action has no other (CodePipeline user guide, cross-region).
    """
    keys = KEYS[change.provider]
    return [
        action
        for action in source_actions(pipeline).values()
        if taken(action) == (change.provider, change.container, change.item)
        and (keys.is_unique or _is_at_home(change, region, account_of(pipeline, action)))
    ]


def account_of(pipeline: Pipeline, action: Action) -> str | None:
    """Return the account whose bucket or repository a source action takes, or none where no role says it."""
    home = role_home(action.role_arn or pipeline.role_arn)
    return home.account if home else None


def taken(action: Action) -> tuple[str, str, str] | None:
    """Return the provider, the container and the item of what a source action takes, or none of another's."""
    kind = action.action_type_id
    keys = KEYS.get(kind.provider) if kind.owner == "AWS" else None
    if keys is None:
        return None
    container = action.configuration.get(keys.container)
    item = action.configuration.get(keys.item) or keys.item_default
    return (kind.provider, container, item) if container and item else None


def _is_at_home(change: Change, region: str | None, account: str | None) -> bool:
    return region in {None, change.region} and account in {None, change.account}


def _revisions(change: Change, actions: Iterable[Action]) -> list[dict[str, str]]:
    if change.revision is None:
        return []
    return [_override(action.name, change.revision.type, change.revision.value) for action in actions]


def _override(action: str, kind: str, value: str) -> dict[str, str]:
    return {"actionName": action, "revisionType": kind, "revisionValue": value}
