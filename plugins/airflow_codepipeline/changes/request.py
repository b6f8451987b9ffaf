"""A request to start one pipeline, as a rule with an input transformer writes it.

    {"name": "web-shop",
     "variables": [{"name": "Environment", "value": <environment>}],
     "sourceRevisions": [{"actionName": "Code", "revisionType": "S3_OBJECT_VERSION_ID",
                          "revisionValue": <version>}],
     "clientRequestToken": <aws.events.event.id>,
     "triggerDetail": <aws.events.rule-arn>}

It is what StartPipelineExecution takes, and `triggerDetail`, all but the name optional (CodePipeline user
guide, "Source revision overrides" with EventBridge).
"""

from __future__ import annotations

import msgspec

from airflow_codepipeline.definition.layout import lay_out
from airflow_codepipeline.execution.start import RevisionType


class GivenVariable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The value of a pipeline's variable."""

    name: str
    value: str


class GivenRevision(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The revision that a source action shall take."""

    action_name: str
    revision_type: RevisionType
    revision_value: str


class StartRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One start that somebody wants.

    :param client_request_token: what is the same when the same start is asked for again.
    :param trigger_detail: what the execution says it was started by; a rule's ARN.
    """

    name: str
    variables: tuple[GivenVariable, ...] = ()
    source_revisions: tuple[GivenRevision, ...] = ()
    client_request_token: str | None = None
    trigger_detail: str = ""

    def __str__(self) -> str:
        token = f", token {self.client_request_token}" if self.client_request_token else ""
        return f"request to start {self.name}{token}"


lay_out(StartRequest)
