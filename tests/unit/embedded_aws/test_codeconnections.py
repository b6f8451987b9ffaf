from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded_aws.caller import Caller
from embedded_aws.codeconnections.service import CodeConnections
from embedded_aws.codeconnections.store import Resources
from embedded_aws.errors import ServiceError

if TYPE_CHECKING:
    from pathlib import Path

CALLER = Caller(account="000000000000", region="us-east-1", access_key="test")
OTHER = Caller(account="000000000000", region="eu-west-1", access_key="test")


@pytest.fixture
def resources(tmp_path: Path) -> Resources:
    return Resources(tmp_path)


def call(
    resources: Resources,
    operation: str,
    *,
    name: str = "codeconnections",
    caller: Caller = CALLER,
    **given: Any,
) -> dict[str, Any]:
    return CodeConnections(name=name, resources=resources).operations()[operation](caller, given)


def make(resources: Resources, provider: str = "GitHub", **given: Any) -> str:
    given = {"ConnectionName": "ours", "ProviderType": provider} | given
    return str(call(resources, "CreateConnection", **given)["ConnectionArn"])


@pytest.mark.parametrize("name", ["codeconnections", "codestar-connections"])
def test_a_connection_is_of_the_service_it_was_made_by_and_available_at_once(
    resources: Resources, name: str
) -> None:
    arn = make(resources, name=name)
    assert arn.startswith(f"arn:aws:{name}:us-east-1:000000000000:connection/")
    found = call(resources, "GetConnection", ConnectionArn=arn)["Connection"]
    assert (found["ConnectionStatus"], found["ProviderType"]) == ("AVAILABLE", "GitHub")
    assert resources.is_available("000000000000", "us-east-1", arn.rpartition("/")[2])
    assert not resources.is_available("111111111111", "us-east-1", arn.rpartition("/")[2])


@pytest.mark.parametrize("status", ["PENDING", "ERROR"])
def test_a_tag_gives_a_connection_another_status(resources: Resources, status: str) -> None:
    arn = make(resources, Tags=[{"Key": "embedded-aws:status", "Value": status}])
    assert call(resources, "GetConnection", ConnectionArn=arn)["Connection"]["ConnectionStatus"] == status
    assert not resources.is_available("000000000000", "us-east-1", arn.rpartition("/")[2])
    assert call(resources, "ListTagsForResource", ResourceArn=arn)["Tags"][0]["Value"] == status


def test_a_provider_of_ones_own_has_a_host(resources: Resources) -> None:
    host = call(
        resources,
        "CreateHost",
        Name="ours",
        ProviderType="GitHubEnterpriseServer",
        ProviderEndpoint="https://github.example.com",
    )["HostArn"]
    arn = call(resources, "CreateConnection", ConnectionName="c", HostArn=host)["ConnectionArn"]
    found = call(resources, "GetConnection", ConnectionArn=arn)["Connection"]
    assert (found["HostArn"], found["ProviderType"]) == (host, "GitHubEnterpriseServer")
    assert call(resources, "GetHost", HostArn=host)["ProviderEndpoint"] == "https://github.example.com"


def test_lists_are_a_regions_own_filtered_and_in_pages(resources: Resources) -> None:
    for provider in ("GitHub", "GitLab", "GitLab"):
        make(resources, provider)
    assert call(resources, "ListConnections", caller=OTHER)["Connections"] == []
    found = call(resources, "ListConnections", ProviderTypeFilter="GitLab")["Connections"]
    assert [one["ProviderType"] for one in found] == ["GitLab", "GitLab"]
    first = call(resources, "ListConnections", MaxResults=2)
    rest = call(resources, "ListConnections", MaxResults=2, NextToken=first["NextToken"])
    assert len(first["Connections"] + rest["Connections"]) == 3
    assert "NextToken" not in rest


def test_what_is_gone_or_was_never_there_is_an_error(resources: Resources) -> None:
    arn = make(resources)
    call(resources, "DeleteConnection", ConnectionArn=arn)
    for gone in (arn, "arn:aws:codeconnections:us-east-1:000000000000:connection/../x", ""):
        with pytest.raises(ServiceError) as raised:
            call(resources, "GetConnection", ConnectionArn=gone)
        assert raised.value.code == "ResourceNotFoundException"
