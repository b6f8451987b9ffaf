"""Where webhooks are kept: an Airflow Variable each, encrypted by Airflow, which shows no secret of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from airflow_codepipeline.changes.webhook_filter import WebhookFilter
from airflow_codepipeline.definition.layout import lay_out
from airflow_codepipeline.execution.records import Record
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.service.acting import now

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

Authentication = Literal["GITHUB_HMAC", "IP", "UNAUTHENTICATED"]

_KEY, _TRIGGERED_KEY = "codepipeline.webhook.", "codepipeline.webhook_triggered."


class Webhook(Record, frozen=True, kw_only=True):
    """A webhook (CodePipeline API, WebhookDefinition).

    The names of `secret_token` and `url_token` let Airflow mask them.

    :param url_token: what its address has that nobody can guess.
    :param tags: by their keys.
    """

    name: str
    target_pipeline: str
    target_action: str
    filters: tuple[WebhookFilter, ...]
    authentication: Authentication
    url_token: str
    secret_token: str | None = None
    allowed_ip_range: str | None = None
    arn: str | None = None
    tags: dict[str, str] = msgspec.field(default_factory=dict)


lay_out(Webhook)


def find_webhook(session: Session, name: str, *, lock: bool = False) -> Webhook | None:
    """Return a webhook, or none.

    :param lock: whether nobody else may change it until the session ends.
    :raises Refusal: its Variable cannot be read.
    """
    from airflow.models.variable import Variable
    from sqlalchemy import select

    query = select(Variable).where(Variable.key == f"{_KEY}{name}")
    row: Any = session.scalar(query.with_for_update() if lock else query)
    return None if row is None else _webhook(row)


def all_webhooks(session: Session) -> list[Webhook]:
    """Return all webhooks by their names.

    :raises Refusal: a Variable cannot be read.
    """
    return sorted(map(_webhook, _rows(session, _KEY)), key=lambda webhook: webhook.name)


def keep_webhook(session: Session, webhook: Webhook) -> None:
    """Keep a webhook, in the place of an earlier one of its name."""
    from airflow.models.variable import Variable

    text = msgspec.json.encode(webhook).decode()
    description = f"A webhook of the pipeline {webhook.target_pipeline} (PutWebhook)"
    Variable.set(f"{_KEY}{webhook.name}", text, description=description, session=session)


def forget_webhook(session: Session, name: str) -> None:
    """Forget a webhook, if there is one."""
    from airflow.models.variable import Variable
    from sqlalchemy import delete

    keys = (f"{_KEY}{name}", f"{_TRIGGERED_KEY}{name}")
    session.execute(delete(Variable).where(Variable.key.in_(keys)))


def keep_triggered(session: Session, name: str) -> None:
    """Keep that a webhook has started its pipeline now."""
    from airflow.models.variable import Variable

    description = f"When the webhook {name} last started its pipeline"
    Variable.set(f"{_TRIGGERED_KEY}{name}", now(), description=description, session=session)


def triggered(session: Session) -> dict[str, str]:
    """Return when webhooks last started their pipelines, ISO 8601, by their names."""
    return {row.key.removeprefix(_TRIGGERED_KEY): row.get_val() for row in _rows(session, _TRIGGERED_KEY)}


def _rows(session: Session, prefix: str) -> list[Any]:
    from airflow.models.variable import Variable
    from sqlalchemy import select

    return list(session.scalars(select(Variable).where(Variable.key.startswith(prefix, autoescape=True))))


def _webhook(row: Any) -> Webhook:
    try:
        return msgspec.json.decode(row.get_val() or "", type=Webhook)
    except msgspec.MsgspecError as error:
        raise Refusal(
            "ValidationException",
            f"Airflow's Variable {row.key} cannot be read: {error}. Put the webhook again, or delete it.",
        ) from error
