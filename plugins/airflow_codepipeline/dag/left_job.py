"""A job that nobody waits for any more, and that may go on."""

from __future__ import annotations

import msgspec

from airflow_codepipeline.dag import rule_attempt
from airflow_codepipeline.dag.attempt import stop_attempt
from airflow_codepipeline.dag.job_ledger import JobRecord
from airflow_codepipeline.dag.rule_attempt import RuleRecord
from airflow_codepipeline.definition.layout import lay_out


class LeftJob(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The job of an attempt at an action, or of an evaluation of a rule: one of the two is there."""

    attempt: JobRecord | None = None
    rule: RuleRecord | None = None

    @property
    def id(self) -> str:
        """The id of the action execution, or of the rule execution."""
        if self.rule is not None:
            return self.rule.rule_execution_id
        assert self.attempt is not None
        return self.attempt.context.action_execution_id

    def __str__(self) -> str:
        record = self.rule or self.attempt
        assert record is not None
        assert record.job is not None
        assert record.context is not None
        what = f"the rule {self.rule.rule}" if self.rule else record.context.action.name
        return f"{record.context.pipeline}: {record.context.stage}/{what}: {record.job.external_execution_id}"

    def stop(self) -> None:
        """Stop it; nothing to do where it has ended or its service cannot.

        :raises ActionError: AWS refuses.
        :raises TransientError: AWS does not answer for now.
        """
        if self.rule is not None:
            rule_attempt.stop(self.rule)
        if self.attempt is not None:
            stop_attempt(self.attempt)


lay_out(LeftJob)
