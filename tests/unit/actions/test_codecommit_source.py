from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from airflow_codepipeline.actions.base import Job, SourceRevision
from airflow_codepipeline.actions.codecommit_source import CodeCommitSource
from airflow_codepipeline.artifacts.reference import ArtifactReference
from airflow_codepipeline.errors import ActionError
from fixtures.attempts import attempt

CONFIGURATION = {"RepositoryName": "app", "BranchName": "main"}
URL = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/app"
TIP, PARENT, OLD = "a" * 40, "b" * 40, "c" * 40
PAST = datetime(2024, 5, 1, 12, tzinfo=UTC)


def commit(commit_id, *parents, at=PAST):
    date = f"{int(at.timestamp())} +0200"
    who = {"name": "Ada", "email": "ada@example.com", "date": date}
    return {
        "commit": {
            "commitId": commit_id,
            "treeId": "t",
            "parents": list(parents),
            "message": "Why\n",
            "author": who,
            "committer": who,
        }
    }


def script_commits(aws, *commits):
    stub = aws.script("codecommit")
    for found in commits:
        asked = {"repositoryName": "app", "commitId": found["commit"]["commitId"]}
        stub.add_response("get_commit", found, asked)


def script_branch(aws):
    answer = {"branch": {"branchName": "main", "commitId": TIP}}
    aws.script("codecommit").add_response(
        "get_branch", answer, {"repositoryName": "app", "branchName": "main"}
    )


def source(**more):
    return attempt(
        "Source", "CodeCommit", CONFIGURATION | more.pop("configuration", {}), outputs=["Out"], **more
    )


def test_the_head_of_the_branch_is_taken(scripted):
    aws = scripted(source())
    script_branch(aws)
    job = CodeCommitSource().start(aws)
    assert (job.external_execution_id, job.data) == (TIP, {"commit": TIP})
    assert f"/codecommit/repositories/app/commit/{TIP}" in job.external_execution_url


def test_a_backfill_goes_back_by_first_parents(scripted):
    aws = scripted(source(as_of=PAST))
    script_branch(aws)
    late = datetime(2024, 6, 1, tzinfo=UTC)
    script_commits(aws, commit(TIP, PARENT, OLD, at=late), commit(PARENT, OLD))
    assert CodeCommitSource().start(aws).data == {"commit": PARENT}


def test_an_override_must_be_there(scripted):
    aws = scripted(source(source_revisions=(SourceRevision(type="COMMIT_ID", value=OLD),)))
    aws.script("codecommit").add_client_error("get_commit", "CommitIdDoesNotExistException")
    with pytest.raises(ActionError, match=f"RevisionUnavailable: app has no commit {OLD}"):
        CodeCommitSource().start(aws)


def test_a_full_clone_needs_no_git_and_names_the_repository(scripted, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    context = source(configuration={"OutputArtifactFormat": "CODEBUILD_CLONE_REF"}, key_id="alias/mine")
    aws = scripted(context)
    script_commits(aws, commit(TIP))
    aws.script("codecommit").add_response(
        "get_repository", {"repositoryMetadata": {"cloneUrlHttp": URL}}, {"repositoryName": "app"}
    )
    location = context.output_locations[0]
    document = {"type": "CODEBUILD_CLONE_REF", "commitId": TIP, "source_type": "CODECOMMIT", "location": URL}
    aws.script("s3").add_response(
        "put_object",
        {"VersionId": "v1"},
        {
            "Bucket": location.bucket,
            "Key": location.key,
            "Body": msgspec.json.encode(document),
            "ContentType": "application/json",
            "ServerSideEncryption": "aws:kms",
            "SSEKMSKeyId": "alias/mine",
        },
    )
    outputs = CodeCommitSource().outputs(aws, Job(external_execution_id=TIP, data={"commit": TIP}))
    (artifact,) = outputs.artifacts
    assert (artifact.clone.source_type, artifact.clone.location) == ("CODECOMMIT", URL)
    assert (artifact.version_id, artifact.revision_id, artifact.revision_summary) == ("v1", TIP, "Why")
    assert msgspec.convert(msgspec.to_builtins(artifact), ArtifactReference) == artifact


def test_a_format_that_there_is_not_is_refused_before_anything_is_asked(scripted):
    aws = scripted(source(configuration={"OutputArtifactFormat": "TAR"}))
    with pytest.raises(ActionError, match="must be one of CODE_ZIP, CODEBUILD_CLONE_REF"):
        CodeCommitSource().start(aws)
