"""Executions on a real Airflow: what is delivered, what people see, and what becomes of what goes wrong."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from airflow_codepipeline.dag.result import ActionResult
from airflow_codepipeline.local.sample import QUEUE
from airflow_codepipeline.service.read_actions import WAITS_FOR_ANSWER
from fixtures.airflow_run import wait_until
from fixtures.trial import FOLDER as TRIAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from airflow_codepipeline.local.sample import Sample
    from fixtures.airflow_run import Airflow, Run
    from fixtures.embedded_aws import EmbeddedAws
    from fixtures.held_calls import HeldCalls
    from fixtures.trial import Trial

pytestmark = pytest.mark.slow

COMMENT = "Looks good to me."


@pytest.fixture(scope="module")
def messages(embedded_aws: EmbeddedAws) -> Messages:
    return Messages(embedded_aws)


class Messages:
    """What the sample's topic has told its queue."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self._sqs = aws.client("sqs")
        self._url = self._sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]

    def take(self) -> list[dict[str, Any]]:
        """Take all that are there."""
        taken = []
        while found := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                taken.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return taken


@pytest.fixture
def start(airflow_server: Airflow) -> Iterator[Callable[..., Run]]:
    """Starts executions, and ends those that a test that failed has left."""
    started = []

    def start_one(pipeline: str, **variables: str) -> Run:
        started.append(airflow_server.start(pipeline, **variables))
        return started[-1]

    yield start_one
    for run in started:
        if run.state() not in {"success", "failed"}:
            run.end()


@pytest.fixture(scope="module")
def waiting(airflow_server: Airflow, messages: Messages) -> Run:
    """A run of the sample that waits for its approval."""
    messages.take()
    run = airflow_server.start("storefront", Greeting="Look first.")
    run.wait_for_question("Approve.Release")
    return run


@pytest.fixture(scope="module")
def delivered(waiting: Run) -> Run:
    """The same, approved and ended."""
    if waiting.state() == "running":
        waiting.answer("Approve.Release", "Approve", COMMENT)
    waiting.wait_until_ended()
    return waiting


def test_an_approval_asks_with_what_the_build_exported(waiting):
    version = waiting.xcom("Build.Package")["variables"]["VERSION"]
    revision = waiting.xcom("Source.Application")["variables"]["VersionId"]
    question = waiting.airflow.client.question("storefront", waiting.run_id, "Approve.Release")

    assert question["subject"] == "Approve Release of storefront"
    assert question["options"] == ["Approve", "Reject"]
    assert question["body"].startswith(
        f"Look first. Version {version}, made from storefront.zip at {revision}."
    )


def test_the_topic_is_told_once_about_an_approval_in_codepipelines_words(waiting, messages):
    [envelope] = messages.take()
    message = json.loads(envelope["Message"])
    version = waiting.xcom("Build.Package")["variables"]["VERSION"]
    approval = message.pop("approval")

    assert envelope["Subject"] == "APPROVAL NEEDED: AWS CodePipeline storefront for action Release"
    assert set(message) == {"region", "consoleLink"}
    assert message["region"] == "us-east-1"
    assert {key: approval[key] for key in ("pipelineName", "stageName", "actionName")} == {
        "pipelineName": "storefront",
        "stageName": "Approve",
        "actionName": "Release",
    }
    assert approval["customData"].startswith(f"Look first. Version {version}")
    assert approval["externalEntityLink"] == f"https://example.com/storefront/releases/{version}"
    assert f"/dags/storefront/runs/{waiting.run_id}" in approval["approvalReviewLink"]
    assert len(approval["token"]) == 36
    assert approval["expires"].endswith("Z")


def test_the_sample_is_delivered(delivered, sample: Sample):
    built = delivered.xcom("Build.Package")["variables"]["VERSION"]

    assert delivered.state() == "success"
    assert set(delivered.states().values()) == {"success"}
    assert sample.delivered().version == built
    assert sample.delivered().pages == ("index.html", "style.css")


def test_an_action_leaves_one_small_dict_in_xcom(delivered):
    value = delivered.xcom("Build.Package")

    assert isinstance(value, dict)
    assert ActionResult.from_xcom(value).to_xcom() == value
    assert set(value) == {
        "actionExecutionId",
        "externalExecutionId",
        "externalExecutionUrl",
        "logUrl",
        "summary",
        "variables",
        "configuration",
        "artifacts",
    }
    [artifact] = value["artifacts"]
    assert artifact["name"] == "Application"
    assert artifact["bucket"] == "storefront-artifacts"


def test_an_approval_leaves_who_gave_it_and_the_comment(delivered):
    approval = delivered.xcom("Approve.Release", "approval")

    assert approval["status"] == "Approved"
    assert approval["summary"] == COMMENT
    assert approval["by"] == "admin"
    assert delivered.xcom("Approve.Release")["summary"] == f"Approved by admin: {COMMENT}"


def test_the_configuration_is_shown_with_the_variables_values(delivered):
    revision = delivered.xcom("Source.Application")["variables"]["VersionId"]

    build = delivered.task("Build.Package")["rendered_fields"]["configuration"]
    assert json.loads(build["EnvironmentVariables"])[0]["value"] == revision
    stack = delivered.task("Deploy.Stack")["rendered_fields"]["configuration"]
    version = delivered.xcom("Build.Package")["variables"]["VERSION"]
    assert json.loads(stack["ParameterOverrides"])["Version"] == version


def test_a_build_has_a_link_to_what_ran_outside(delivered):
    path = f"{delivered.path}/taskInstances/Build.Package/links"
    links = delivered.airflow.call("GET", path)["extra_links"]

    url = delivered.xcom("Build.Package")["externalExecutionUrl"]
    assert links["External execution"] == url
    assert delivered.xcom("Build.Package")["externalExecutionId"].partition(":")[2] in url


def test_a_rejected_approval_fails_the_run_and_names_who_rejected_it(start):
    run = start("latest")
    run.wait_for_question("Release.Decide")

    run.answer("Release.Decide", "Reject", "Not on a Friday.")

    assert run.wait_until_ended() == "failed"
    assert run.xcom("Release.Decide", "approval")["status"] == "Rejected"
    assert "latest/Release/Decide was rejected by admin: Not on a Friday." in run.log("Release.Decide")
    assert run.task("Release.Decide")["try_number"] <= run.task("Release.Decide")["max_tries"]


def test_a_failing_build_fails_the_run_and_frees_its_stage(start, trial: Trial):
    run = start("trial", Script="fail")

    assert run.wait_until_ended() == "failed"
    states = run.states()
    assert states["Build.Script"] == "failed"
    assert states["Build.exit"] == "success"
    assert states["Build.done"] == "upstream_failed"
    assert states["Release.enter"] == states["Release.Decide"] == "upstream_failed"
    assert "Phase BUILD" in run.log("Build.Script")
    assert len(trial.builds(run.run_id)) == 1


def test_a_newer_execution_takes_the_place_of_one_that_waits(start):
    first, middle, newest = [start("latest") for _ in range(3)]
    first.wait_for_question("Release.Decide")

    assert middle.wait_until_ended() == "success"
    states = middle.states()
    superseded_by = [middle.xcom(f"{stage}.enter", "superseded_by") for stage in ("Source", "Release")]
    assert [run_id for run_id in superseded_by if run_id] == [newest.run_id]
    assert states["Release.Decide"] == "skipped"

    newest.wait_for("Release.enter", "deferred")
    first.answer("Release.Decide", "Approve", "")
    newest.wait_for_question("Release.Decide")
    newest.answer("Release.Decide", "Approve", "")
    assert [first.wait_until_ended(), newest.wait_until_ended()] == ["success", "success"]
    assert set(first.states().values()) == set(newest.states().values()) == {"success"}


def test_marking_a_waiting_build_failed_stops_it(start, trial: Trial):
    run = start("trial", Script="hold")
    run.wait_for_trigger("Build.Script")

    run.mark_failed("Build.Script")

    wait_until(lambda: trial.builds(run.run_id)[0]["buildComplete"], lambda: trial.builds(run.run_id))
    assert [build["buildStatus"] for build in trial.builds(run.run_id)] == ["STOPPED"]
    assert run.wait_until_ended() == "failed"


def test_marking_a_build_failed_just_when_it_is_asked_after_stops_it(
    start, trial: Trial, codebuild_calls: HeldCalls
):
    run = start("trial", Script="hold")
    run.wait_for_trigger("Build.Script")
    [build] = trial.builds(run.run_id)
    question = codebuild_calls.hold("BatchGetBuilds", build["id"])
    question.wait()

    run.mark_failed("Build.Script")

    wait_until(lambda: trial.build(build["id"])["buildComplete"], lambda: trial.build(build["id"]))
    question.release()
    assert trial.build(build["id"])["buildStatus"] == "STOPPED"
    assert run.wait_until_ended() == "failed"


def test_clearing_a_build_that_succeeded_starts_exactly_one_new_build(start, trial: Trial):
    run = start("trial", Script="pass")
    run.wait_for_question("Release.Decide")
    [first] = trial.builds(run.run_id)

    run.clear("Build.Script")
    wait_until(lambda: _build_id(run) not in {None, first["id"]}, run.states)
    run.answer("Release.Decide", "Approve", "")

    assert run.wait_until_ended() == "success"
    assert [build["buildStatus"] for build in trial.builds(run.run_id)] == ["SUCCEEDED", "SUCCEEDED"]


def test_people_who_act_at_the_same_time_do_not_bring_airflow_to_a_stop(start):
    with ThreadPoolExecutor(6) as people:
        earlier = list(people.map(start, ["latest"] * 6))
        ended = [people.submit(run.end) for run in earlier]
        later = list(people.map(start, ["latest"] * 6))
        for end in ended:
            end.result()

    assert {run.state() for run in earlier} == {"failed"}
    assert {run.state() for run in later} <= {"queued", "running", "failed"}


def test_a_broken_definition_is_an_import_error_of_its_file_while_the_others_go_on(airflow_server, start):
    with _broken_copy(airflow_server.pipelines):
        wait_until(
            lambda: "broken.yaml" in _import_errors(airflow_server), airflow_server.client.import_errors
        )
        errors = _import_errors(airflow_server)

        assert list(errors) == ["broken.yaml"]
        assert "Manually" in errors["broken.yaml"]
        run = start("latest")
        run.wait_for_question("Release.Decide")
        run.answer("Release.Decide", "Approve", "")
        assert run.wait_until_ended() == "success"
    wait_until(lambda: not _import_errors(airflow_server), airflow_server.client.import_errors)


def test_a_pipeline_with_a_required_variable_runs(airflow_server: Airflow, start):
    definition = airflow_server.pipelines / "required.yaml"
    definition.write_text((TRIAL / "required.yaml").read_text())
    try:
        airflow_server.wait_until_known("required")
        run = start("required", Script="pass")
        run.wait_for_question("Release.Decide")
        run.answer("Release.Decide", "Approve", "")
        assert run.wait_until_ended() == "success"
    finally:
        definition.unlink()


def test_an_answer_given_the_moment_the_task_waits_for_it_counts(start):
    """Airflow may lose the task then and try it again; the answer is not lost with it."""
    run = start("latest")
    while run.states()["Release.Decide"] not in WAITS_FOR_ANSWER:
        pass
    run.answer_once("Release.Decide", "Approve", COMMENT)

    assert run.wait_until_ended() == "success"
    assert run.xcom("Release.Decide", "approval")["summary"] == COMMENT


def _build_id(run: Run) -> str | None:
    return (run.xcom("Build.Script") or {}).get("externalExecutionId")


@contextmanager
def _broken_copy(pipelines: Path) -> Iterator[None]:
    path = pipelines / "broken.yaml"
    text = (pipelines / "latest.yaml").read_text().replace("name: latest", "name: broken", 1)
    path.write_text(text.replace("provider: Manual", "provider: Manually"))
    try:
        yield
    finally:
        path.unlink()


def _import_errors(airflow: Airflow) -> dict[str, str]:
    return {name.rpartition("/")[2]: error for name, error in airflow.client.import_errors().items()}
