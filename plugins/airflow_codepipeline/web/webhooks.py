"""`POST /codepipeline/webhooks/<name>?t=…`: messages to what PutWebhook made (CodePipeline API reference)."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from airflow_codepipeline.changes.git_change import MalformedPayloadError, decode
from airflow_codepipeline.changes.git_message import GITHUB, json_of, sender_of
from airflow_codepipeline.changes.git_signature import is_signed
from airflow_codepipeline.service.webhook_delivery import deliver, find_addressed
from airflow_codepipeline.web.webhook_answer import (
    MessageRefusedError,
    address_of,
    answered,
    check_method,
    ignored,
    refused,
    sent_body,
)

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from airflow_codepipeline.service.webhook_store import Webhook


@dataclass(frozen=True, slots=True)
class _Message:
    """What was sent.

    :param identity: what is the same when it is sent again; none: nobody can tell.
    """

    payload: Any
    identity: str | None


async def receive(request: Request, name: str) -> Response:
    """Answer one message.

    :param name: of the webhook, from the address.
    """
    headers = dict(request.headers)
    delivery = headers.get(sender_of(headers).delivery, "")
    try:
        check_method(request)
        webhook = await run_in_threadpool(_webhook, name, request.query_params.get("t", ""))
        if headers.get(GITHUB.told_by) == "ping":
            await _authentic_body(request, headers, webhook)
            return ignored(delivery, "A ping starts nothing.")
        message = await _message(request, headers, webhook, delivery)
    except MessageRefusedError as refusal:
        return refused(request, refusal, webhook=name, delivery=delivery)
    outcome = await run_in_threadpool(deliver, webhook, message.payload, message.identity)
    return ignored(delivery, outcome) if isinstance(outcome, str) else answered(delivery, outcome)


def _webhook(name: str, token: str) -> Webhook:
    webhook = find_addressed(name)
    if webhook is None or not hmac.compare_digest(webhook.url_token.encode(), token.encode()):
        raise MessageRefusedError(404, "There is no webhook of this address.")
    return webhook


async def _message(request: Request, headers: dict[str, str], webhook: Webhook, delivery: str) -> _Message:
    """Return what was sent.

    A delivery's id is in no signature. So where messages are signed, the whole of one tells it from others.

    :raises MessageRefusedError: nobody vouches for it, or it is not JSON.
    """
    body = await _authentic_body(request, headers, webhook)
    signed = webhook.authentication == "GITHUB_HMAC"
    identity = hashlib.sha256(body).hexdigest() if signed else delivery or None
    try:
        return _Message(decode(json_of(headers, body), Any), identity)
    except MalformedPayloadError as error:
        raise MessageRefusedError(400, str(error)) from error


async def _authentic_body(request: Request, headers: dict[str, str], webhook: Webhook) -> bytes:
    """Return the body of a message from who may send one.

    :raises MessageRefusedError: they may not.
    """
    if webhook.authentication == "IP" and not _is_within(address_of(request), webhook.allowed_ip_range or ""):
        raise MessageRefusedError(401, "The sender's address is not in the webhook's AllowedIPRange.")
    hmac_wanted = webhook.authentication == "GITHUB_HMAC"
    if hmac_wanted and not GITHUB.tries_to_vouch(headers):
        raise MessageRefusedError(401, f"There is no header {' or '.join(GITHUB.proofs)}.")
    body = await sent_body(request)
    if hmac_wanted and not is_signed(headers, body, webhook.secret_token or "", sha1=True):
        raise MessageRefusedError(401, "The signature is not of the webhook's SecretToken.")
    return body


def _is_within(host: str, allowed: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address in ipaddress.ip_network(allowed, strict=False)
