"""What a definition may say to Airflow, under the key `airflow:`.

Everything here is ours, in Airflow's words; without that key a definition is a valid CodePipeline
declaration.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from airflow_codepipeline.definition.schedules import AssetName, Extension, Schedule


class Approvers(Extension, frozen=True, kw_only=True):
    """Who may decide about an approval; neither users nor roles: whoever may answer in Airflow.

    :param users: user names, or ids, as Airflow's auth manager has them.
    :param roles: names of roles, any of which will do.
    :param required: how many different people must approve.
    :param exclude_starter: whether the one who started the execution may not decide about it.
    """

    users: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None
    required: int = 1
    exclude_starter: bool = False


class Backfill(Extension, frozen=True, kw_only=True):
    """How backfills are told from other executions.

    :param approvals: whether their approvals `ask`, or `skip`: nobody is asked, and the action succeeds.
    """

    approvals: Literal["ask", "skip"] = "ask"


class NotificationRule(Extension, frozen=True, kw_only=True):
    """Who is told when something happens to executions (CodeStar Notifications' notification rule).

    :param target: the ARN of an SNS topic.
    :param events: event types, such as `codepipeline-pipeline-pipeline-execution-failed`.
    :param detail: `FULL`, or `BASIC`: only what the event itself says.
    """

    target: str
    events: tuple[str, ...]
    detail: Literal["FULL", "BASIC"] = "FULL"


class PipelineExtension(Extension, frozen=True, kw_only=True):
    """`airflow:` of a pipeline.

    :param schedule: a cron expression of five fields, a preset such as `@daily`, or a `Schedule`; none: only
        started by people, the API and its sources.
    :param timezone: the IANA name of the time zone of the schedule and of `start_date`, such as
        `Europe/Berlin`.
    :param catchup: whether the intervals since `start_date` that were missed are run.
    :param start_date: the first data interval starts on that day, at midnight in `timezone`, or UTC.
    :param owner: who Airflow shows as the owner of the tasks.
    :param aws_conn_id: the Airflow connection that AWS is called through.
    :param region: the AWS region of the pipeline; none: the connection's.
    :param max_active_runs: how many executions may be under way at once.
    :param environment: the environment the pipeline belongs to, such as `prod`; a tag of the DAG.
    :param approvers: who may decide about the approvals that do not say it themselves.
    :param backfill: what is different in executions of a backfill.
    :param on_update: what becomes of executions when the definition changes. `finish`: they end with the
        definition that they began with, where Airflow keeps it. `cancel`: as AWS does, actions in progress
        end and the executions are cancelled.
    :param notifications: who is told when something happens to executions.
    """

    schedule: str | Schedule | None = None
    timezone: str | None = None
    catchup: bool = False
    start_date: date | None = None
    tags: tuple[str, ...] = ()
    owner: str | None = None
    aws_conn_id: str | None = None
    region: str | None = None
    max_active_runs: int | None = None
    environment: str | None = None
    approvers: Approvers | None = None
    on_update: Literal["finish", "cancel"] = "finish"
    backfill: Backfill = Backfill()
    notifications: tuple[NotificationRule, ...] = ()


class StageExtension(Extension, frozen=True, kw_only=True):
    """`airflow:` of a stage.

    :param outlets: the assets that are updated whenever the stage has succeeded.
    """

    outlets: tuple[str | AssetName, ...] = ()


class ActionExtension(Extension, frozen=True, kw_only=True):
    """`airflow:` of an action.

    :param retries: how often Airflow tries the action again after it failed.
    :param retry_delay: seconds between two tries.
    :param pool: the Airflow pool whose slots the action takes.
    :param invocation: of a Lambda action. `Event`, as AWS does: the function reports its own result with
        PutJobSuccessResult. `RequestResponse`: what it returns or raises is the result.
    :param git_conn_id: of a source action that reads a git repository: the Airflow connection whose login
        and password git uses, and whose host, where it has one, is the server's address.
    :param approvers: of an approval: who may decide; in the place of what the pipeline says.
    :param commit_status: of a source action with a `git_conn_id`: whether GitHub or GitLab is told what
        becomes of the commit.
    """

    retries: int = 0
    retry_delay: float | None = None
    pool: str | None = None
    invocation: Literal["Event", "RequestResponse"] | None = None
    git_conn_id: str | None = None
    approvers: Approvers | None = None
    commit_status: bool = False
