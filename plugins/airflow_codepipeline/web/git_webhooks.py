"""`POST /codepipeline/git/<Airflow connection>`: messages of GitHub, GitLab, Bitbucket and other git servers.

Airflow does not know who sends them; the secret in the connection's extra does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from airflow_codepipeline.changes.git_change import MalformedPayloadError
from airflow_codepipeline.changes.git_message import json_of, sender_of
from airflow_codepipeline.service.git_server import WEBHOOK_SECRET, find_git_server
from airflow_codepipeline.service.git_webhook import start_for
from airflow_codepipeline.web.webhook_answer import (
    MessageRefusedError,
    answered,
    check_method,
    ignored,
    refused,
    sent_body,
)

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from airflow_codepipeline.changes.git_change import Message
    from airflow_codepipeline.changes.git_message import Sender
    from airflow_codepipeline.service.git_server import GitServer


async def receive(request: Request, connection: str) -> Response:
    """Answer one message.

    :param connection: the id of the connection, from the address.
    """
    headers = dict(request.headers)
    sender = sender_of(headers)
    delivery = headers.get(sender.delivery, "")
    try:
        check_method(request)
        server = await run_in_threadpool(_server, connection)
        message = await _message(request, headers, sender, server)
    except MessageRefusedError as refusal:
        return refused(request, refusal, sender=sender.name, connection=connection, delivery=delivery)
    if not message.changes:
        return ignored(delivery, message.ignored)
    return answered(delivery, await run_in_threadpool(start_for, server, sender.name, message.changes))


def _server(connection: str) -> GitServer:
    server = find_git_server(connection)
    if server is None:
        raise MessageRefusedError(404, "Airflow has no such connection.")
    return server


async def _message(request: Request, headers: dict[str, str], sender: Sender, server: GitServer) -> Message:
    """Return what was sent, when it is sure who did.

    :raises MessageRefusedError: nobody vouches for it, or it is no message.
    """
    if server.secret is None:
        raise MessageRefusedError(401, f"The connection has no {WEBHOOK_SECRET} in its extra.")
    if not sender.tries_to_vouch(headers):
        raise MessageRefusedError(401, f"There is no header {' or '.join(sender.proofs)}.")
    body = await sent_body(request)
    if not sender.vouches(headers, body, server.secret):
        raise MessageRefusedError(
            401, f"{sender.name}'s signature or token is not of the connection's secret."
        )
    try:
        return sender.read(headers, json_of(headers, body))
    except MalformedPayloadError as error:
        raise MessageRefusedError(400, str(error)) from error
