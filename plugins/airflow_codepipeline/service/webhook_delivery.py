"""Starts the pipeline of a webhook for a message that passes its filters (PutWebhook)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.changes.webhook_filter import first_refusal
from airflow_codepipeline.execution.refusal import Refusal
from airflow_codepipeline.execution.start import Trigger
from airflow_codepipeline.service.pipelines import find_pipeline
from airflow_codepipeline.service.webhook_start import Started, token_of
from airflow_codepipeline.service.webhook_store import find_webhook, keep_triggered
from airflow_codepipeline.service.webhooks import target_action

if TYPE_CHECKING:
    from airflow_codepipeline.service.webhook_store import Webhook


def find_addressed(name: str) -> Webhook | None:
    """Return a webhook, or none."""
    from airflow.utils.session import create_session

    with create_session() as session:
        return find_webhook(session, name)


def deliver(webhook: Webhook, payload: Any, identity: str | None) -> Started | str:
    """Start the pipeline of a webhook, or return why a message starts nothing.

    :param identity: what is the same when the message is sent again; none: it starts one each time.
    """
    from airflow.utils.session import create_session

    started = Started()
    try:
        with create_session() as session:
            pipeline = find_pipeline(session, webhook.target_pipeline).declaration
            configuration = target_action(pipeline, webhook.target_action).configuration
    except Refusal as refusal:
        started.refuse(webhook.target_pipeline, refusal.message)
        return started
    why = first_refusal(webhook.filters, payload, configuration)
    if why is not None:
        return why
    started.start(
        webhook.target_pipeline,
        user_name=f"webhook {webhook.name}",
        client_request_token=token_of(webhook.name, webhook.url_token, identity) if identity else None,
        trigger=Trigger(trigger_type="Webhook", trigger_detail=webhook.arn or webhook.name),
    )
    if started.executions:
        with create_session() as session:
            keep_triggered(session, webhook.name)
    return started
