"""Which provider carries out which action type.

Providers are named by import string, and so is the room that speaks to AWS: nothing of them is
imported before an action runs.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from airflow_codepipeline.actions.dynamic_references import with_references
from airflow_codepipeline.definition.model import ActionTypeId
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, ActionProvider, Aws

MANUAL_APPROVAL = ActionTypeId(category="Approval", owner="AWS", provider="Manual", version="1")
"""The one action type that a sensor of the DAG carries out, not a provider."""

_AWS = "airflow_codepipeline.aws.session:AwsSession"
_ROOM = "airflow_codepipeline.actions"
PROVIDERS: dict[str, str] = {
    "Build/AWS/CodeBuild/1": f"{_ROOM}.codebuild:CodeBuild",
    "Deploy/AWS/CloudFormation/1": f"{_ROOM}.cloudformation:CloudFormation",
    "Deploy/AWS/S3/1": f"{_ROOM}.s3_deploy:S3Deploy",
    "Invoke/AWS/Lambda/1": f"{_ROOM}.lambda_invoke:LambdaInvoke",
    "Source/AWS/CodeCommit/1": f"{_ROOM}.codecommit_source:CodeCommitSource",
    "Source/AWS/CodeStarSourceConnection/1": f"{_ROOM}.connection_source:ConnectionSource",
    "Source/AWS/ECR/1": f"{_ROOM}.ecr_source:EcrSource",
    "Source/AWS/S3/1": f"{_ROOM}.s3_source:S3Source",
    "Source/Custom/Git/1": f"{_ROOM}.git_source:GitSource",
    "Source/ThirdParty/GitHub/1": f"{_ROOM}.github_source:GitHubSource",
    "Test/AWS/CodeBuild/1": f"{_ROOM}.codebuild:CodeBuild",
}


def provider_for(action_type_id: ActionTypeId) -> ActionProvider:
    """Return the provider of an action type.

    :raises ActionError: there is none; the message says which come near.
    """
    name = str(action_type_id)
    if name not in PROVIDERS:
        raise ActionError("ConfigurationError", _unknown(name))
    return cast("ActionProvider", _load(PROVIDERS[name])())


def is_known(action_type_id: ActionTypeId) -> bool:
    """Say whether an action of this type can run here, a manual approval among them."""
    return action_type_id == MANUAL_APPROVAL or str(action_type_id) in PROVIDERS


def open_session(context: ActionContext) -> Aws:
    """Return AWS as the attempt sees it."""
    return cast("Aws", _load(_AWS)(context))


def open_for_provider(context: ActionContext) -> Aws:
    """Return AWS as the attempt's provider sees it: with the values that the configuration refers to.

    Nothing of its context is to be stored: there may be secrets in it.

    :raises ActionError: a reference has no value.
    :raises TransientError: AWS does not answer for now.
    """
    aws = open_session(context)
    found = with_references(aws)
    return aws if found is context else open_session(found)


def _unknown(name: str) -> str:
    if name == str(MANUAL_APPROVAL):
        return f"{name} has no provider: the approval sensor of the DAG carries it out."
    near = difflib.get_close_matches(name, PROVIDERS, n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known are {', '.join(sorted(PROVIDERS))}."
    return f"There is no provider for the action type {name}. {hint}"


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
