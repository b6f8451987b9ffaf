from __future__ import annotations

import subprocess
import sys

import pytest

from airflow_codepipeline.actions.registry import (
    MANUAL_APPROVAL,
    PROVIDERS,
    is_known,
    open_session,
    provider_for,
)
from airflow_codepipeline.definition.action_types.catalogue import action_type
from airflow_codepipeline.definition.model import ActionTypeId
from airflow_codepipeline.errors import ActionError
from fixtures.attempts import attempt


def type_id(name: str) -> ActionTypeId:
    category, owner, provider, version = name.split("/")
    return ActionTypeId(category=category, owner=owner, provider=provider, version=version)


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_every_provider_of_the_table_is_there_and_in_the_catalogue(name):
    provider = provider_for(type_id(name))
    assert provider.poll_seconds > 0
    assert all(callable(getattr(provider, method)) for method in ("start", "poll", "stop", "outputs"))
    assert is_known(type_id(name))
    assert action_type(type_id(name)) is not None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Build/AWS/Codebuild/1", "Did you mean Build/AWS/CodeBuild/1"),
        ("Source/AWS/S3/2", "Did you mean Source/AWS/S3/1"),
        ("Deploy/ThirdParty/Something/9", "There is no provider"),
    ],
)
def test_an_unknown_action_type_is_refused_with_the_nearest_ones(name, hint):
    with pytest.raises(ActionError, match=hint):
        provider_for(type_id(name))
    assert not is_known(type_id(name))


def test_a_manual_approval_is_known_and_carried_out_elsewhere():
    assert is_known(MANUAL_APPROVAL)
    with pytest.raises(ActionError, match="approval sensor"):
        provider_for(MANUAL_APPROVAL)


def test_an_attempt_opens_a_session_of_its_own():
    context = attempt("Build", "CodeBuild", {})
    assert open_session(context).context is context


def test_no_provider_imports_the_aws_sdk_before_it_is_used():
    modules = ", ".join(sorted({path.partition(":")[0] for path in PROVIDERS.values()}))
    program = f"import sys, {modules}; print(sorted({{'boto3', 'botocore', 'airflow'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
