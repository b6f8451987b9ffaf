"""StartPipelineExecution on Airflow's own database: SQLite, and PostgreSQL where there is a server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from airflow_codepipeline.local.airflow_server import AirflowServer
from hammer.database import database, is_there

if TYPE_CHECKING:
    from fixtures.airflow_run import Airflow

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("start_program.py")
REVISION = {"actionName": "Take", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": "v7"}


def definition(name: str, mode: str) -> dict[str, Any]:
    take = {
        "name": "Take",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": {"S3Bucket": "sources", "S3ObjectKey": "app.zip"},
        "outputArtifacts": [{"name": "App"}],
    }
    put = {
        "name": "Put",
        "actionTypeId": {"category": "Deploy", "owner": "AWS", "provider": "S3", "version": "1"},
        "configuration": {"BucketName": "site", "Extract": "true"},
        "inputArtifacts": [{"name": "App"}],
    }
    return {
        "name": name,
        "pipelineType": "V2",
        "executionMode": mode,
        "roleArn": "arn:aws:iam::000000000000:role/shop",
        "artifactStore": {"type": "S3", "location": "store"},
        "variables": [{"name": "Region"}, {"name": "Size", "defaultValue": "small"}],
        "stages": [{"name": "Source", "actions": [take]}, {"name": "Deploy", "actions": [put]}],
        "airflow": {"max_active_runs": 3},
    }


class Starter:
    """Starts executions through the program, in the process of an Airflow that runs nothing."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def step(self, **step: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(step) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.startswith("ANSWER "):
                return json.loads(line.removeprefix("ANSWER "))
        raise AssertionError(f"the program ended with {self._process.wait()}")

    def start(self, pipeline: str = "shop", **more: Any) -> dict[str, Any]:
        return dict(self.step(start=arguments(pipeline, **more)))

    def refusal(self, pipeline: str = "shop", **more: Any) -> tuple[str, str]:
        answer = self.start(pipeline, **more)
        return answer["code"], answer["message"]


def arguments(pipeline: str, **more: Any) -> dict[str, Any]:
    return {"pipeline_name": pipeline, "variables": [{"name": "Region", "value": "eu"}]} | more


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def starter(request, tmp_path_factory):
    if request.param == "postgresql" and not is_there():
        pytest.skip("there is no PostgreSQL server")
    project = tmp_path_factory.mktemp(f"start-{request.param}")
    shutil.copytree(ROOT / "dags", project / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    (project / "plugins").symlink_to(ROOT / "plugins")
    (project / "include" / "pipelines").mkdir(parents=True)
    for name, mode in (("shop", "SUPERSEDED"), ("lane", "QUEUED"), ("wide", "PARALLEL"), ("idle", "QUEUED")):
        path = project / "include" / "pipelines" / f"{name}.yaml"
        path.write_text(yaml.safe_dump(definition(name, mode)))
    with database(request.param) as settings:
        server = AirflowServer(
            home=project / "home", project=project, port=1, environment=settings | {"AWS_REGION": "eu-west-1"}
        )
        for command in (("db", "migrate"), ("dags", "reserialize")):
            subprocess.run(
                [sys.executable, "-m", "airflow", *command],
                env=server.environment,
                check=True,
                capture_output=True,
            )
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM)],
            env=server.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield Starter(process)
        finally:
            process.communicate(timeout=30)


def test_an_execution_is_a_queued_run_that_says_who_started_it_with_what(starter):
    execution = starter.start(
        source_revisions=[REVISION],
        trigger={"triggerType": "WebhookV2", "triggerDetail": "a push"},
    )["pipelineExecutionId"]

    run = starter.step(run=execution)
    assert uuid.UUID(execution)
    assert run["conf"] == {
        "Region": "eu",
        "codepipeline.sourceRevisions": [REVISION],
        "codepipeline.trigger": {"triggerType": "WebhookV2", "triggerDetail": "a push"},
    }
    assert (run["run_type"], run["state"], run["triggering_user_name"]) == ("manual", "queued", "ada")
    assert run["logical_date"] == run["run_after"]
    assert {"Source.enter", "Source.Take", "Deploy.done"} <= set(run["tasks"])


def test_without_more_the_trigger_is_the_users_call(starter):
    run = starter.step(run=starter.start()["pipelineExecutionId"])

    assert run["conf"]["codepipeline.trigger"] == {
        "triggerType": "StartPipelineExecution",
        "triggerDetail": "ada",
    }


def test_the_same_token_is_the_same_execution(starter):
    first, again = starter.start(client_request_token="a"), starter.start(client_request_token="a")
    other, elsewhere = (
        starter.start(client_request_token="b"),
        starter.start("wide", client_request_token="a"),
    )

    assert first == again
    assert len({answer["pipelineExecutionId"] for answer in (first, other, elsewhere)}) == 3


def test_two_requests_with_one_token_at_the_same_moment_are_one_execution(starter):
    answers = starter.step(together=arguments("shop", client_request_token="both"), times=4)

    assert len({answer.get("pipelineExecutionId", str(answer)) for answer in answers}) == 1
    assert starter.step(run=answers[0]["pipelineExecutionId"])["state"] == "queued"


def test_requests_at_the_same_moment_are_executions_of_their_own(starter):
    answers = starter.step(together=arguments("shop"), times=4)

    assert len({answer.get("pipelineExecutionId", "none") for answer in answers} - {"none"}) == 4, answers


@pytest.mark.parametrize("mode", ["lane", "wide"])
def test_as_many_executions_as_the_limit_may_be_under_way(starter, mode):
    while (answer := starter.start(mode)).get("code") is None:
        assert starter.step(run=answer["pipelineExecutionId"])

    assert answer["code"] == "ConcurrentPipelineExecutionsLimitExceededException"
    assert "3 executions under way" in answer["message"]


def test_a_superseded_pipeline_takes_any_number(starter):
    assert all("pipelineExecutionId" in starter.start() for _ in range(4))


def test_what_is_wrong_is_refused_by_the_names_of_aws(starter):
    assert starter.refusal("nowhere")[0] == "PipelineNotFoundException"
    code, message = starter.refusal(variables=[])
    assert (code, "needs a value for Region" in message) == ("ValidationException", True)
    code, message = starter.refusal(source_revisions=[REVISION | {"actionName": "Put"}])
    assert (code, "Take" in message) == ("ValidationException", True)
    assert starter.refusal(client_request_token="no spaces")[0] == "ValidationException"


def test_a_paused_pipeline_is_not_started(starter):
    starter.step(pipeline="idle", paused=True)
    code, message = starter.refusal("idle")
    starter.step(pipeline="idle", paused=False)

    assert code == "ConflictException"
    assert "paused" in message
    assert "pipelineExecutionId" in starter.start("idle")


@pytest.mark.parametrize(
    ("conf", "said"),
    [
        ({"Scrip": "pass"}, "The pipeline trial has no variable 'Scrip'. Its variables: Script."),
        (
            {"codepipeline.sourceRevisions": [REVISION]},
            "'Take' is no source action. The source",
        ),
    ],
)
def test_a_run_that_was_started_by_hand_with_a_wrong_conf_fails_at_its_first_action(
    airflow_server: Airflow, conf, said
):
    run = airflow_server.start("trial", **conf)

    assert run.wait_until_ended() == "failed"
    assert run.states()["Source.Code"] == "failed"
    assert said in run.log("Source.Code")
