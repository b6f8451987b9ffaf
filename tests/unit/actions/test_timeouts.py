from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_codepipeline.actions.timeouts import timeout_of
from airflow_codepipeline.definition.model import Action, ActionTypeId


def action(category, provider, owner="AWS", minutes=None):
    kind = ActionTypeId(category=category, owner=owner, provider=provider)
    return Action(name="A", action_type_id=kind, timeout_in_minutes=minutes)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (action("Deploy", "CloudFormation"), timedelta(days=3)),
        (action("Build", "CodeBuild"), timedelta(hours=36)),
        (action("Test", "CodeBuild"), timedelta(hours=8)),
        (action("Invoke", "Lambda"), timedelta(hours=24)),
        (action("Deploy", "S3"), timedelta(minutes=90)),
        (action("Approval", "Manual"), timedelta(days=7)),
        (action("Source", "S3"), timedelta(hours=1)),
        (action("Build", "Something", owner="Custom"), timedelta(hours=24)),
        (action("Deploy", "Something", owner="ThirdParty"), timedelta(hours=1)),
        (action("Build", "CodeBuild", minutes=5), timedelta(minutes=5)),
    ],
)
def test_an_action_has_its_own_timeout_or_its_types(declared, expected):
    assert timeout_of(declared) == expected
