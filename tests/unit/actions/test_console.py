from __future__ import annotations

import pytest

from airflow_codepipeline.actions import console


@pytest.mark.parametrize(
    ("region", "partition", "domain"),
    [
        ("eu-west-1", "aws", "eu-west-1.console.aws.amazon.com"),
        ("cn-north-1", "aws-cn", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "aws-us-gov", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_links_go_to_the_console_of_the_regions_partition(region, partition, domain):
    assert console.partition(region) == partition
    assert console.function(region, "f").startswith(f"https://{domain}/lambda/")


def test_names_are_quoted():
    assert "prefix=a%26b%2Fc+d" in console.s3_object("eu-west-1", "bucket", "a&b/c d")
    assert "stackId=arn%3Aaws%3A" in console.stack("eu-west-1", "arn:aws:x")
