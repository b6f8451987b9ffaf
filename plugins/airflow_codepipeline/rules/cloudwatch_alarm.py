"""Rule/AWS/CloudWatchAlarm/1 (CodePipeline user guide, CloudWatchAlarm).

The rule succeeds as soon as the alarm is in a state that it wants, and waits `WaitTime` minutes for that.
What it wants is `AlarmStates`, else OK or INSUFFICIENT_DATA, and in an onFailure condition ALARM.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.actions import console
from airflow_codepipeline.actions.base import Job, JobStatus, Outputs
from airflow_codepipeline.actions.settings import misconfigured, optional, required
from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext, Aws

_STATES = frozenset({"OK", "ALARM", "INSUFFICIENT_DATA"})


class CloudWatchAlarm:
    """Waits for the state of an alarm."""

    poll_seconds = 10.0

    def __init__(self, *, on_failure: bool) -> None:
        self._default = frozenset({"ALARM"}) if on_failure else frozenset({"OK", "INSUFFICIENT_DATA"})

    def start(self, aws: Aws) -> Job:
        """Find the alarm; from now on the wait counts.

        :raises ActionError: there is no such alarm, or the configuration cannot work.
        """
        context = aws.context
        wait, alarm = _wait(context), _describe(aws)
        self._wanted(context)
        return Job(
            external_execution_id=alarm["AlarmArn"],
            external_execution_url=console.alarm(context.identity.region, alarm["AlarmName"]),
            data={"until": (datetime.now(UTC) + wait).isoformat()},
        )

    def poll(self, aws: Aws, job: Job) -> JobStatus:
        """Look at the alarm.

        :raises ActionError: the wait is over and the alarm is in another state.
        """
        alarm, wanted = _describe(aws), self._wanted(aws.context)
        if alarm["StateValue"] in wanted:
            return JobStatus.SUCCEEDED
        if datetime.now(UTC) < datetime.fromisoformat(job.data["until"]):
            return JobStatus.RUNNING
        reason = alarm.get("StateReason")
        raise ActionError(
            "JobFailed",
            f"The alarm {alarm['AlarmName']} is in state {alarm['StateValue']}, not "
            f"{' or '.join(sorted(wanted))}{f': {reason}' if reason else '.'}",
        )

    def stop(self, aws: Aws, job: Job) -> None:
        """Nothing runs outside."""

    def outputs(self, aws: Aws, job: Job) -> Outputs:
        """Say in which states the alarm was wanted, and is."""
        del job
        wanted = " or ".join(sorted(self._wanted(aws.context)))
        return Outputs(summary=f"The alarm {required(aws.context, 'AlarmName')} is in state {wanted}.")

    def _wanted(self, context: ActionContext) -> frozenset[str]:
        text = optional(context, "AlarmStates")
        if text is None:
            return self._default
        states = frozenset(part.strip() for part in text.strip("[]").replace('"', "").split(","))
        if unknown := sorted(states - _STATES):
            raise misconfigured(
                context,
                f"AlarmStates has {unknown[0]!r}. It takes {', '.join(sorted(_STATES))}, with commas.",
            )
        return states


def _describe(aws: Aws) -> dict[str, Any]:
    name = required(aws.context, "AlarmName")
    answer = aws.client("cloudwatch").describe_alarms(
        AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    alarms: list[dict[str, Any]] = [*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())]
    if not alarms:
        raise misconfigured(aws.context, f"there is no alarm {name!r} in {aws.context.identity.region}.")
    return alarms[0]


def _wait(context: ActionContext) -> timedelta:
    text = optional(context, "WaitTime") or "0"
    if not text.isdigit():
        raise misconfigured(context, f"WaitTime is {text!r}. It must be a whole number of minutes.")
    return timedelta(minutes=int(text))
