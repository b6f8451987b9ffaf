"""Small objects beside the artifacts that make a repeated start do the same as the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.actions.objects import read, write_once
from airflow_codepipeline.actions.settings import the_store
from airflow_codepipeline.artifacts.layout import folder
from airflow_codepipeline.errors import TransientError

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_codepipeline.actions.base import Aws


def first_seen(aws: Aws) -> datetime:
    """Return when this attempt first asked, by S3's clock: the same instant after any restart."""
    context, client, store = aws.context, aws.store_client(), the_store(aws.context)
    key = f"{folder(context.pipeline)}/attempts/{context.action_execution_id}"
    write_once(client, store, key, b"")
    found = read(client, store, key)
    if found is None:
        raise TransientError("SystemUnavailable", f"s3://{store.location}/{key} was removed at this moment.")
    return found.written
