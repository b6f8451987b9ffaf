"""Webhooks of a real Airflow: what they start runs, and takes the commit that was pushed."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import uuid
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from fixtures.airflow_run import Run, wait_until
from fixtures.git import Workshop
from unit.changes.payloads import github_pull_request, github_push

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.airflow_run import Airflow

pytestmark = pytest.mark.slow

SECRET = "a-secret-of-both-sides"
CONNECTION = "hoster"
PIPELINE = "hosted"
REPOSITORY = f"acme/pushed-{uuid.uuid4().hex[:8]}"


def definition(connection_arn: str) -> dict[str, Any]:
    code = {
        "name": "Code",
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "CodeStarSourceConnection"},
        "configuration": {
            "ConnectionArn": connection_arn,
            "FullRepositoryId": REPOSITORY,
            "BranchName": "main",
            "DetectChanges": "false",
        },
        "outputArtifacts": [{"name": "App"}],
        "namespace": "Code",
        "airflow": {"git_conn_id": CONNECTION},
    }
    note = "#{Code.CommitId} #{Code.BranchName}"
    check = {
        "name": "Check",
        "actionTypeId": {"category": "Test", "owner": "Custom", "provider": "Puppet"},
        "configuration": {"Word": "succeed", "Note": note},
    }
    filters = {
        "push": [{"branches": {"includes": ["release/**"]}, "filePaths": {"includes": ["src/**"]}}],
        "pullRequest": [{"events": ["OPEN"], "branches": {"includes": ["main"]}}],
    }
    return {
        "name": PIPELINE,
        "pipelineType": "V2",
        "executionMode": "PARALLEL",
        "roleArn": "arn:aws:iam::000000000000:role/trial",
        "artifactStore": {"type": "S3", "location": "trial-artifacts"},
        "airflow": {"region": "us-east-1"},
        "stages": [{"name": "Source", "actions": [code]}, {"name": "Verify", "actions": [check]}],
        "triggers": [
            {
                "providerType": "CodeStarSourceConnection",
                "gitConfiguration": {"sourceActionName": "Code"} | filters,
            }
        ],
    }


class Repository:
    """A repository on the embedded AWS, and GitHub's messages about it."""

    def __init__(self, airflow: Airflow, work: Workshop, url: str) -> None:
        self.airflow, self.work, self.url = airflow, work, url
        self.first = work.commit("Begin", src__app_py="1\n")
        work.push(url)

    def commit(self, branch: str, **files: str) -> tuple[str, dict[str, Any]]:
        """Push a commit; it, and what GitHub says of it."""
        before = self.work.git("rev-parse", "HEAD")
        commit = self.work.commit("Change", **files)
        self.work.push(self.url, branch=branch)
        names = [name.replace("__", "/").replace("_", ".") for name in files]
        head = {"id": commit, "message": "Change", "modified": names, "added": [], "removed": []}
        push = github_push(
            ref=f"refs/heads/{branch}", before=before, after=commit, commits=[head], head_commit=head
        )
        push["repository"] = push["repository"] | {"full_name": REPOSITORY}
        return commit, push

    def tell(self, payload: Any, *, event: str = "push", secret: str = SECRET) -> httpx.Response:
        """Send a message as GitHub does."""
        return send(f"{self.airflow.server.url}/codepipeline/git/{CONNECTION}", payload, event, secret)


def send(url: str, payload: Any, event: str = "push", secret: str = SECRET) -> httpx.Response:
    body = json.dumps(payload).encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}",
    }
    return httpx.post(url, content=body, headers=headers, timeout=60)


@pytest.fixture(scope="module")
def repository(airflow_server: Airflow, embedded_aws, tmp_path_factory) -> Repository:
    with contextlib.closing(embedded_aws.client("codeconnections")) as client:
        made = client.create_connection(ConnectionName="pushed", ProviderType="GitHub")
    text = yaml.safe_dump(definition(made["ConnectionArn"]))
    (airflow_server.pipelines / f"{PIPELINE}.yaml").write_text(text)
    airflow_server.call(
        "POST",
        "/connections",
        connection_id=CONNECTION,
        conn_type="http",
        host=f"{embedded_aws.url}/git",
        login="me",
        password="secret-42",
        extra=json.dumps({"webhook_secret": SECRET}),
    )
    work = Workshop(tmp_path_factory.mktemp("webhooks") / "work")
    made = Repository(airflow_server, work, f"{embedded_aws.url}/git/{REPOSITORY}")
    airflow_server.wait_until_known(PIPELINE)
    return made


@pytest.fixture(scope="module")
def codepipeline(airflow_server: Airflow) -> Iterator[Any]:
    with contextlib.closing(airflow_server.codepipeline()) as client:
        yield client


def executions(codepipeline: Any) -> list[str]:
    found = codepipeline.list_pipeline_executions(pipelineName=PIPELINE)["pipelineExecutionSummaries"]
    return [one["pipelineExecutionId"] for one in found]


def started(airflow: Airflow, answer: httpx.Response) -> Run:
    assert answer.status_code == 200, answer.text
    [execution] = answer.json()["executions"]
    return Run(airflow, PIPELINE, execution["pipelineExecutionId"])


def test_a_signed_push_starts_an_execution_of_its_commit(repository, codepipeline, puppets):
    commit, push = repository.commit("release/1", src__app_py="2\n")
    later, _ = repository.commit("release/1", src__app_py="3\n")
    run = started(repository.airflow, repository.tell(push))

    assert run.wait_until_ended() == "success"
    assert puppets.note(run.run_id, "Verify.Check") == f"{commit} release/1"
    assert later != commit
    names = {"pipelineName": PIPELINE, "pipelineExecutionId": run.run_id}
    found = codepipeline.get_pipeline_execution(**names)["pipelineExecution"]
    assert found["trigger"] == {
        "triggerType": "WebhookV2",
        "triggerDetail": f"push to branch release/1 of {REPOSITORY} by ada",
    }
    assert found["artifactRevisions"][0]["revisionId"] == commit


def test_a_message_that_comes_again_starts_nothing(repository, codepipeline):
    _, push = repository.commit("release/1", src__app_py="4\n")
    first = started(repository.airflow, repository.tell(push))
    before = executions(codepipeline)
    again = started(repository.airflow, repository.tell(push))

    assert again.run_id == first.run_id
    assert executions(codepipeline) == before
    assert first.wait_until_ended() == "success"


def test_what_no_filter_wants_starts_nothing(repository, codepipeline):
    before = executions(codepipeline)
    for branch, file in (("main", "src__app_py"), ("release/1", "readme_md")):
        _, push = repository.commit(branch, **{file: f"{uuid.uuid4()}\n"})
        answer = repository.tell(push)
        assert (answer.status_code, answer.json()["executions"]) == (200, [])
        [refusal] = answer.json()["notStarted"]
        assert refusal == {
            "pipelineName": PIPELINE,
            "reason": "No filter of its triggers wants this push.",
        }
    assert executions(codepipeline) == before


def test_who_does_not_know_the_secret_starts_nothing_and_is_logged(repository, codepipeline):
    before = executions(codepipeline)
    _, push = repository.commit("release/1", src__app_py="5\n")

    assert repository.tell(push, secret="a-guess").status_code == 401
    assert executions(codepipeline) == before
    log = repository.airflow.server.home / "api-server.log"
    wait_until(lambda: "is refused: GitHub's signature" in log.read_text(), log.read_text)
    assert SECRET not in log.read_text()


def test_a_pull_request_starts_an_execution_of_its_head(repository, puppets):
    commit, _ = repository.commit("fix", src__app_py="6\n")
    request = github_pull_request()
    place = {"full_name": REPOSITORY}
    request["repository"] |= place
    for end in ("head", "base"):
        request["pull_request"][end]["repo"] = place
    request["pull_request"]["head"]["sha"] = commit

    run = started(repository.airflow, repository.tell(request, event="pull_request"))
    assert run.wait_until_ended() == "success"
    assert puppets.note(run.run_id, "Verify.Check") == f"{commit} fix"
    variables = run.xcom("Source.Code")["variables"]
    assert variables["PullRequestId"] == "7"
    assert (variables["SourceBranchName"], variables["DestinationBranchName"]) == ("fix", "main")


def test_a_webhook_of_put_webhook_starts_the_pipeline(repository, codepipeline):
    webhook = {
        "name": "pushes",
        "targetPipeline": PIPELINE,
        "targetAction": "Code",
        "filters": [{"jsonPath": "$.ref", "matchEquals": "refs/heads/{BranchName}"}],
        "authentication": "GITHUB_HMAC",
        "authenticationConfiguration": {"SecretToken": SECRET},
    }
    made = codepipeline.put_webhook(webhook=webhook)["webhook"]
    assert made["url"].startswith(f"{repository.airflow.server.url}/codepipeline/webhooks/pushes?t=")

    commit, push = repository.commit("main", src__app_py="7\n")
    run = started(repository.airflow, send(made["url"], push))
    assert send(made["url"], push | {"ref": "refs/heads/dev"}).json()["executions"] == []
    assert send(made["url"], push, secret="a-guess").status_code == 401

    assert run.wait_until_ended() == "success"
    names = {"pipelineName": PIPELINE, "pipelineExecutionId": run.run_id}
    found = codepipeline.get_pipeline_execution(**names)["pipelineExecution"]
    assert found["trigger"] == {"triggerType": "Webhook", "triggerDetail": made["arn"]}
    assert found["artifactRevisions"][0]["revisionId"] == commit
    [shown] = codepipeline.list_webhooks()["webhooks"]
    assert shown["lastTriggered"]
    variable = repository.airflow.call("GET", "/variables/codepipeline.webhook.pushes")
    assert SECRET not in variable["value"]
    codepipeline.delete_webhook(name="pushes")
    assert send(made["url"], push).status_code == 404
