"""The AWS Lambda function that answers what a basket costs."""

import os
from typing import Any

from storefront.prices import total


def handle(event: dict[str, Any], context: object) -> dict[str, str]:  # noqa: ARG001 - Lambda's signature
    """Return the total of `event["basket"]` and the version that computed it."""
    return {"total": str(total(event["basket"])), "version": os.environ["VERSION"]}
