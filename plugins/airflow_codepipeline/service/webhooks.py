"""PutWebhook, ListWebhooks, DeleteWebhook, and what registers a webhook at GitHub.

Source: CodePipeline API reference; user guide, "Webhooks for GitHub (via OAuth app) source actions".
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.changes.webhook_filter import FilterError, WebhookFilter
from airflow_codepipeline.dag.identity import region_or_none
from airflow_codepipeline.dag.masking import MASK
from airflow_codepipeline.definition.role_arn import role_home
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.service.github_hooks import deregister, register
from airflow_codepipeline.service.pages import LARGEST_PAGE, Place, list_key, place_of
from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.webhook_store import (
    Webhook,
    all_webhooks,
    find_webhook,
    forget_webhook,
    keep_webhook,
    triggered,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy.orm import Session

    from airflow_codepipeline.definition.model import Action, Pipeline

MOST_WEBHOOKS, MOST_TAGS = 300, 50
"""CodePipeline quotas."""
_VARIABLE = re.compile(r"\{\{.*\}\}")
_PROPERTIES = {"GITHUB_HMAC": "SecretToken", "IP": "AllowedIPRange", "UNAUTHENTICATED": None}
"""The one property of authenticationConfiguration that each authentication has."""


def put_webhook(
    session: Session,
    user_name: str,  # noqa: ARG001 - the same for every operation
    *,
    webhook: Mapping[str, Any],
    tags: Sequence[Mapping[str, str]] = (),
) -> dict[str, Any]:
    """Make a webhook, or put another in the place of the one of its name, which keeps its address.

    :raises Refusal: there is no such pipeline or action, or the webhook could never start it.
    """
    pipeline = find_pipeline(session, webhook["targetPipeline"]).declaration
    action = target_action(pipeline, webhook["targetAction"])
    filters = msgspec.convert(webhook["filters"], tuple[WebhookFilter, ...])
    _check_filters(filters, action)
    earlier = find_webhook(session, webhook["name"], lock=True)
    if earlier is None and len(all_webhooks(session)) >= MOST_WEBHOOKS:
        raise Refusal("LimitExceededException", f"There are {MOST_WEBHOOKS} webhooks; there may be no more.")
    secret, allowed = _authentication(webhook, earlier)
    made = Webhook(
        name=webhook["name"],
        target_pipeline=pipeline.name,
        target_action=action.name,
        filters=filters,
        authentication=webhook["authentication"],
        url_token=earlier.url_token if earlier else secrets.token_urlsafe(24),
        secret_token=secret,
        allowed_ip_range=allowed,
        arn=_arn(pipeline, webhook["name"]),
        tags=_tags(tags) or (earlier.tags if earlier else {}),
    )
    keep_webhook(session, made)
    return {"webhook": _item(made, triggered(session))}


def list_webhooks(
    session: Session,
    user_name: str,  # noqa: ARG001
    *,
    visible: Callable[[str], bool],
    max_results: int = LARGEST_PAGE,
    next_token: str | None = None,
) -> dict[str, Any]:
    """List webhooks by their names.

    :param visible: whether the caller may know of the webhooks of a pipeline.
    :raises Refusal: the token is not of this list.
    """
    key = list_key("ListWebhooks", "", None)
    place = place_of(next_token, key)
    after = [one for one in all_webhooks(session) if place is None or one.name > place.entry]
    found = [one for one in after if visible(one.target_pipeline)]
    moments, page = triggered(session), found[:max_results]
    answer: dict[str, Any] = {"webhooks": [_item(one, moments) for one in page]}
    if len(found) > max_results:
        answer["NextToken"] = Place(of=key, entry=page[-1].name).token()
    return answer


def delete_webhook(
    session: Session,
    user_name: str,  # noqa: ARG001
    *,
    webhook_name: str,
) -> dict[str, Any]:
    """Delete a webhook; nothing happens where there is none."""
    forget_webhook(session, webhook_name)
    return {}


def register_webhook_with_third_party(
    session: Session,
    user_name: str,  # noqa: ARG001
    *,
    webhook_name: str | None = None,
) -> dict[str, Any]:
    """Make GitHub send the pushes to the target action's repository to a webhook.

    :raises Refusal: there is no such webhook, its action is none of GitHub's, or GitHub refuses.
    """
    webhook = _found(session, webhook_name)
    register(session, webhook, webhook_url(webhook, public=True))
    return {}


def deregister_webhook_with_third_party(
    session: Session,
    user_name: str,  # noqa: ARG001
    *,
    webhook_name: str | None = None,
) -> dict[str, Any]:
    """Let GitHub send nothing more to a webhook.

    :raises Refusal: there is no such webhook, its action is none of GitHub's, or GitHub refuses.
    """
    webhook = _found(session, webhook_name)
    deregister(session, webhook, webhook_url(webhook, public=True))
    return {}


def pipelines_of(session: Session, parameters: Mapping[str, Any]) -> list[str]:
    """Return the pipelines that an operation on a webhook is about: those it starts before and afterwards."""
    given = parameters.get("webhook") or {}
    name = given.get("name") or parameters.get("webhookName") or parameters.get("name")
    webhook = find_webhook(session, name) if name else None
    found = {given.get("targetPipeline"), webhook.target_pipeline if webhook else None}
    return sorted(pipeline for pipeline in found if pipeline is not None)


def target_action(pipeline: Pipeline, name: str) -> Action:
    """Return the action that a webhook is for.

    :raises Refusal: the first stage has none of that name.
    """
    actions = {action.name: action for action in pipeline.stages[0].actions}
    if name not in actions:
        raise Refusal(
            "ValidationException",
            f"{name!r} is no action of the first stage of {pipeline.name}. Its actions: "
            f"{', '.join(actions)}.",
        )
    return actions[name]


def webhook_url(webhook: Webhook, *, public: bool = False) -> str:
    """Return the address of a webhook.

    :param public: whether others than this machine must find it.
    :raises Refusal: Airflow has not been told what its own address is.
    """
    from airflow.configuration import conf

    base: str | None = conf.get("api", "base_url", fallback=None)
    if not base and public:
        raise Refusal(
            "ValidationException",
            "Airflow does not know its own address: set base_url in the section [api] of its configuration.",
        )
    base = (base or "http://localhost:8080").rstrip("/")
    return f"{base}/codepipeline/webhooks/{webhook.name}?t={webhook.url_token}"


def _found(session: Session, name: str | None) -> Webhook:
    webhook = find_webhook(session, name) if name else None
    if webhook is None:
        raise Refusal("WebhookNotFoundException", f"There is no webhook with the name {name!r}.")
    return webhook


def _check_filters(filters: Sequence[WebhookFilter], action: Action) -> None:
    try:
        for one in filters:
            one.check(action.configuration)
    except FilterError as error:
        raise Refusal("InvalidWebhookFilterPatternException", str(error)) from error


def _authentication(webhook: Mapping[str, Any], earlier: Webhook | None) -> tuple[str | None, str | None]:
    """Return the secret and the range of addresses that a webhook is to have.

    The mask in the place of a secret, as ListWebhooks gives it, keeps the secret that is there.
    """
    kind, given = webhook["authentication"], webhook["authenticationConfiguration"]
    wanted = _PROPERTIES[kind]
    if list(given) != ([wanted] if wanted else []):
        rule = f"{kind} takes {wanted} and nothing else" if wanted else f"{kind} takes nothing"
        raise _unauthentic(f"authenticationConfiguration has {', '.join(given) or 'nothing'}: {rule}.")
    secret, allowed = given.get("SecretToken"), given.get("AllowedIPRange")
    if secret is not None and _VARIABLE.search(secret):
        raise _unauthentic(
            f"SecretToken is {secret}, what an imported file has in its place. Give the secret."
        )
    if secret == MASK:
        secret = earlier.secret_token if earlier else None
        if secret is None:
            raise _unauthentic("SecretToken is masked, and there is no earlier one. Give the secret itself.")
    if allowed is not None:
        try:
            ipaddress.ip_network(allowed, strict=False)
        except ValueError as error:
            raise _unauthentic(f"AllowedIPRange is {allowed!r}. It must be a CIDR range: {error}.") from error
    return secret, allowed


def _unauthentic(message: str) -> Refusal:
    return Refusal("InvalidWebhookAuthenticationParametersException", message)


def _tags(tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
    if len(tags) > MOST_TAGS:
        raise Refusal("TooManyTagsException", f"There are {len(tags)} tags; there may be {MOST_TAGS}.")
    found = {tag["key"]: tag["value"] for tag in tags}
    system = [key for key in found if key.lower().startswith("aws:")]
    if system or len(found) < len(tags):
        why = f"{system[0]} begins with aws:" if system else "a key is there twice"
        raise Refusal("InvalidTagsException", f"The tags are not allowed: {why}.")
    return found


def _arn(pipeline: Pipeline, name: str) -> str | None:
    """Return the ARN; none where the pipeline's account or region is not known."""
    home, region = role_home(pipeline.role_arn), region_or_none(pipeline)
    if home is None or region is None:
        return None
    return f"arn:{home.partition}:codepipeline:{region}:{home.account}:webhook:{name}"


def _item(webhook: Webhook, moments: Mapping[str, str]) -> dict[str, Any]:
    """Return a webhook as the API shows it, its secret masked (ListWebhookItem)."""
    secret = {"SecretToken": MASK} if webhook.secret_token else {}
    allowed = {"AllowedIPRange": webhook.allowed_ip_range} if webhook.allowed_ip_range else {}
    definition = {
        "name": webhook.name,
        "targetPipeline": webhook.target_pipeline,
        "targetAction": webhook.target_action,
        "filters": msgspec.to_builtins(webhook.filters),
        "authentication": webhook.authentication,
        "authenticationConfiguration": secret | allowed,
    }
    item: dict[str, Any] = {"definition": definition, "url": webhook_url(webhook)}
    if webhook.name in moments:
        item["lastTriggered"] = datetime.fromisoformat(moments[webhook.name])
    if webhook.arn:
        item["arn"] = webhook.arn
    if webhook.tags:
        item["tags"] = [{"key": key, "value": value} for key, value in webhook.tags.items()]
    return item
