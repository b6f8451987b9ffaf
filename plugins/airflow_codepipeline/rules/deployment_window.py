"""Rule/AWS/DeploymentWindow/1 (CodePipeline user guide, DeploymentWindow).

The rule waits for the window until it times out: AWS says of an entry condition that an alarm beside it
"might succeed before the deployment window opens".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_codepipeline.actions.base import Job, JobStatus, Outputs
from airflow_codepipeline.actions.settings import misconfigured, optional, required
from airflow_codepipeline.rules.cron import CronError, Window
from airflow_codepipeline.rules.time_zones import TimeZoneError, time_zone

if TYPE_CHECKING:
    from datetime import tzinfo

    from airflow_codepipeline.actions.base import ActionContext, Aws


class DeploymentWindow:
    """Waits for a window of time."""

    poll_seconds = 5.0

    def __init__(self, *, on_failure: bool) -> None:
        del on_failure

    def start(self, aws: Aws) -> Job:
        """Read the expression.

        :raises ActionError: it is no cron expression, or no time zone.
        """
        _window(aws.context)
        return Job(external_execution_id=aws.context.action_execution_id)

    def poll(self, aws: Aws, job: Job) -> JobStatus:
        """Look at the clock."""
        del job
        window, zone = _window(aws.context)
        return JobStatus.SUCCEEDED if window.holds(_now(zone)) else JobStatus.RUNNING

    def stop(self, aws: Aws, job: Job) -> None:
        """Nothing runs outside."""

    def outputs(self, aws: Aws, job: Job) -> Outputs:
        """Say which window has opened."""
        del job
        return Outputs(summary=f"The window {required(aws.context, 'Cron')} is open.")


def _window(context: ActionContext) -> tuple[Window, tzinfo]:
    cron, zone = required(context, "Cron"), optional(context, "TimeZone") or "UTC"
    try:
        return Window(cron), time_zone(zone)
    except CronError as error:
        raise misconfigured(context, f"Cron is {cron!r}: {error}") from None
    except TimeZoneError as error:
        raise misconfigured(context, f"TimeZone: {error}") from None


def _now(zone: tzinfo) -> datetime:
    return datetime.now(UTC).astimezone(zone)
