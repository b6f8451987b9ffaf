"""Values of the right form for what only a deployed stack knows."""

from __future__ import annotations

from airflow_codepipeline.importing.labels import slug

ACCOUNT = "111122223333"
REGION = "us-east-1"
_GLOBAL = frozenset({"iam", "s3", "cloudfront", "route53"})
_MISSPELLED_SERVICES = {
    "stepfunctions": "states",
    "serverless": "lambda",
    "certificatemanager": "acm",
    "elasticloadbalancingv2": "elasticloadbalancing",
}
_KINDS = {"iam": "role/", "codestarconnections": "connection/", "codeconnections": "connection/"}


def assumed_value(name: str, *, attribute: str, service: str) -> str:
    """Return a value as `attribute` has it, for something called `name` of an AWS service."""
    plain = slug(name)
    if not slug(attribute).endswith("arn"):
        return plain
    service = _MISSPELLED_SERVICES.get(service.lower(), service.lower())
    region = "" if service in _GLOBAL else REGION
    account = "" if service == "s3" else ACCOUNT
    return f"arn:aws:{service}:{region}:{account}:{_KINDS.get(service, '')}{plain}"
