from __future__ import annotations

from airflow_codepipeline.definition.action_types.catalogue import action_type, action_types, rule_type
from airflow_codepipeline.definition.model import ActionTypeId, RuleTypeId


def test_an_action_type_is_found_by_its_id():
    known = action_type(ActionTypeId(category="Deploy", provider="S3"))

    assert known.required_keys == ("BucketName", "Extract")
    assert known.inputs == (1, 1)
    assert known.timeout_minutes == 90


def test_a_rule_type_needs_no_version():
    assert rule_type(RuleTypeId(provider="VariableCheck")).required_keys == ("Variable", "Value", "Operator")


def test_an_unknown_type_is_none():
    assert action_type(ActionTypeId(category="Deploy", provider="S3", version="2")) is None


def test_secret_keys_are_marked():
    known = action_type(ActionTypeId(category="Source", owner="ThirdParty", provider="GitHub"))

    assert known.secret_keys == ("OAuthToken",)


def test_the_catalogue_is_consistent():
    for known in action_types():
        name = f"{known.category}/{known.provider}"
        assert known.inputs[0] <= known.inputs[1], name
        assert known.outputs[0] <= known.outputs[1], name
        assert known.timeout_minutes > 0, name
        assert known.category != "Source" or known.inputs == (0, 0), name
