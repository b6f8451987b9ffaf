"""Log in to AWS's git servers, CodeCommit's and CodeConnections', by a signature.

Both take what `aws codecommit credential-helper` computes: the access key as the user name and a Signature
Version 4 of the address, for the service codecommit and the method GIT, as the password.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from airflow_codepipeline.aws.clients import CLIENTS
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials

    from airflow_codepipeline.actions.base import ActionContext


def git_login(context: ActionContext, url: str) -> tuple[str, str]:
    """Return the user name and password of the action's identity for the repository at `url`.

    :raises ActionError: there are no credentials.
    """
    identity = context.identity
    login = CLIENTS.login(identity, context.pipeline_execution_id)
    credentials = login.session.get_credentials()
    if credentials is None:
        raise ActionError("ConfigurationError", f"There are no AWS credentials to read {url} with.")
    return signed(credentials.get_frozen_credentials(), url, region=identity.region, now=datetime.now(UTC))


def signed(credentials: ReadOnlyCredentials, url: str, *, region: str, now: datetime) -> tuple[str, str]:
    """Return the user name and password that credentials are at an instant."""
    parts = urlsplit(url)
    request = AWSRequest(method="GIT", url=url)
    request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%S")
    # The port is no part of it.
    canonical = f"GIT\n{parts.path}\n\nhost:{parts.hostname}\n\nhost\n"
    signer = SigV4Auth(credentials, "codecommit", region)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    user = f"{credentials.access_key}%{credentials.token}" if credentials.token else credentials.access_key
    return user, f"{request.context['timestamp']}Z{signature}"
