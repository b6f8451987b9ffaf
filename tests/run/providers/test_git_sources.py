"""Sources in git against the embedded AWS's repositories: real clones, real archives, real builds."""

from __future__ import annotations

import hashlib
import json
import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from airflow_codepipeline.actions import codecommit_source
from airflow_codepipeline.actions.base import SourceRevision
from airflow_codepipeline.actions.registry import open_session, provider_for
from airflow_codepipeline.definition.action_types.catalogue import action_type
from airflow_codepipeline.errors import ActionError, ArtifactError
from fixtures.git import AFTER, BEFORE, NOON, Workshop
from fixtures.world import ROLE, carry_out

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

CLONE = {"OutputArtifactFormat": "CODEBUILD_CLONE_REF"}
# What the trigger of an execution says, and a branch alone does not.
OF_TRIGGERS = {
    "DestinationBranchName",
    "PullRequestId",
    "PullRequestTitle",
    "SourceBranchName",
    "TagName",
}


class Source:
    """One kind of source, its repository with two commits on main and one on another branch."""

    def __init__(self, world, url: str, folder: Path, kind: str, configuration, **more) -> None:
        self.world, self.url, self.kind = world, url, kind
        self.configuration, self.more = configuration, more
        self.work = Workshop(folder)
        self.first = self.work.commit("The first", at=BEFORE, readme_md="1\n", lib__code_py="x = 1\n")
        self.second = self.work.commit("The second\n\nand why", at=NOON, readme_md="2\n")
        self.work.push(url)
        self.work.git("checkout", "--quiet", "-b", "feature/x", self.first)
        self.branched = self.work.commit("Aside", at=AFTER, aside_txt="a\n")
        self.work.push(url, branch="feature/x")

    def attempt(self, *, outputs=("Source",), **more):
        configuration = self.configuration | more.pop("configuration", {})
        return self.world.attempt(self.kind, configuration, outputs=outputs, **(self.more | more))


def codecommit(world, server, folder) -> Source:
    name = f"app-{uuid.uuid4().hex[:8]}"
    made = world.client("codecommit").create_repository(repositoryName=name)["repositoryMetadata"]
    configuration = {"RepositoryName": name, "BranchName": "main"}
    return Source(world, made["cloneUrlHttp"], folder, "Source/CodeCommit", configuration)


def connection(world, server, folder, service="codeconnections") -> Source:
    name = f"acme/app-{uuid.uuid4().hex[:8]}"
    arn = world.client(service).create_connection(ConnectionName="acme", ProviderType="GitHub")[
        "ConnectionArn"
    ]
    configuration = {"ConnectionArn": arn, "FullRepositoryId": name, "BranchName": "main"}
    return Source(world, f"{server.url}/git/{name}", folder, "Source/CodeStarSourceConnection", configuration)


def former_connection(world, server, folder) -> Source:
    return connection(world, server, folder, "codestar-connections")


def github(world, server, folder) -> Source:
    name = f"app-{uuid.uuid4().hex[:8]}"
    configuration = {"Owner": "acme", "Repo": name, "Branch": "main", "OAuthToken": "****"}
    more = {"owner": "ThirdParty", "git_conn_id": "hoster"}
    return Source(world, f"{server.url}/git/acme/{name}", folder, "Source/GitHub", configuration, **more)


def plain(world, server, folder) -> Source:
    url = f"{server.url}/git/acme/app-{uuid.uuid4().hex[:8]}"
    configuration = {"RepositoryUrl": url, "BranchName": "main"}
    return Source(world, url, folder, "Source/Git", configuration, owner="Custom")


KINDS = [codecommit, connection, former_connection, github, plain]


@pytest.fixture(autouse=True)
def hoster(embedded_aws, monkeypatch):
    """The Airflow connection of a hoster of git: the embedded AWS."""
    described = {
        "conn_type": "http",
        "host": f"{embedded_aws.url}/git",
        "login": "me",
        "password": "secret-42",
    }
    monkeypatch.setenv("AIRFLOW_CONN_HOSTER", json.dumps(described))


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """The place of temporary files, which must be empty in the end."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def source(request, world, embedded_aws, tmp_path, scratch) -> Source:
    return request.param(world, embedded_aws, tmp_path / "work")


class TestEveryKind:
    def test_the_head_of_the_branch_becomes_a_zip_of_its_files(self, source):
        context = source.attempt()
        outputs = carry_out(context)
        (artifact,) = outputs.artifacts
        assert artifact.revision_id == source.second
        assert "The second" in (artifact.revision_summary or "")
        assert artifact.revision_url
        session = open_session(context)
        assert session.read_file(artifact, "readme.md") == b"2\n"
        assert session.read_file(artifact, "lib/code.py") == b"x = 1\n"
        head = source.world.s3.head_object(Bucket=artifact.bucket, Key=artifact.key)
        assert head["ServerSideEncryption"] == "aws:kms"

    def test_its_output_variables_are_those_of_the_catalogue(self, source):
        context = source.attempt()
        variables = carry_out(context).variables
        known = action_type(context.action.action_type_id)
        assert variables.keys() == set(known.variables) - OF_TRIGGERS
        assert variables["CommitId"] == source.second
        assert variables["BranchName"] == "main"
        assert variables["AuthorDate"] == "2024-05-01T12:00:00Z"
        assert variables["CommitMessage"] == "The second\n\nand why"

    def test_an_override_takes_a_commit_of_any_branch(self, source):
        override = SourceRevision(type="COMMIT_ID", value=source.branched)
        context = source.attempt(source_revisions=(override,))
        outputs = carry_out(context)
        assert outputs.variables["CommitId"] == source.branched
        assert open_session(context).read_file(outputs.artifacts[0], "aside.txt") == b"a\n"

    def test_a_backfill_takes_the_last_commit_before_its_instant(self, source):
        then = datetime.fromisoformat(BEFORE) + timedelta(minutes=1)
        assert carry_out(source.attempt(as_of=then)).variables["CommitId"] == source.first
        assert (
            carry_out(source.attempt(as_of=then + timedelta(days=1))).variables["CommitId"] == source.second
        )
        with pytest.raises(ActionError, match=r"RevisionUnavailable: .*no commit by 2020-01-01"):
            carry_out(source.attempt(as_of=datetime(2020, 1, 1, tzinfo=UTC)))

    def test_a_start_after_a_crash_keeps_the_commit_although_a_newer_one_came(self, source):
        context = source.attempt()
        aws, provider = open_session(context), provider_for(context.action.action_type_id)
        job = provider.start(aws)
        source.work.git("checkout", "--quiet", "main")
        source.work.commit("The third", readme_md="3\n")
        source.work.push(source.url)
        first, again = provider.outputs(aws, job), provider.outputs(aws, job)
        assert first.variables["CommitId"] == source.second
        assert first.artifacts[0].key == again.artifacts[0].key
        assert open_session(context).read_file(again.artifacts[0], "readme.md") == b"2\n"

    def test_a_branch_or_commit_that_is_not_there_is_unavailable(self, source):
        key = "Branch" if "Branch" in source.configuration else "BranchName"
        with pytest.raises(ActionError, match=r"RevisionUnavailable: .* no branch nowhere"):
            carry_out(source.attempt(configuration={key: "nowhere"}))
        with pytest.raises(ActionError, match="RevisionUnavailable"):
            carry_out(source.attempt(source_revisions=(SourceRevision(type="COMMIT_ID", value="1" * 40),)))

    def test_what_git_would_take_for_an_option_is_refused(self, source):
        key = "Branch" if "Branch" in source.configuration else "BranchName"
        with pytest.raises(ActionError, match="is no name of a branch"):
            carry_out(source.attempt(configuration={key: "--upload-pack=touch /tmp/x"}))
        option = SourceRevision(type="COMMIT_ID", value="--output=x")
        with pytest.raises(ActionError, match="is no id of a commit"):
            carry_out(source.attempt(source_revisions=(option,)))
        with pytest.raises(ActionError, match="revisions of type COMMIT_ID"):
            carry_out(source.attempt(source_revisions=(SourceRevision(type="IMAGE_DIGEST", value="x"),)))


@pytest.mark.parametrize("kind", [codecommit, connection], ids=lambda kind: kind.__name__)
class TestFullClone:
    @pytest.fixture
    def cloned(self, kind, world, embedded_aws, tmp_path, scratch) -> Source:
        return kind(world, embedded_aws, tmp_path / "work")

    def test_a_build_after_it_gets_a_real_clone_at_that_commit(self, cloned):
        world = cloned.world
        override = SourceRevision(type="COMMIT_ID", value=cloned.second)
        (artifact,) = carry_out(cloned.attempt(configuration=CLONE, source_revisions=(override,))).artifacts
        buildspec = {
            "version": 0.2,
            "env": {"exported-variables": ["LOG", "HEAD", "REMOTE", "OTHER"]},
            "phases": {
                "build": {
                    "commands": [
                        'export LOG="$(git log --format=%s | tr "\\n" ,)"',
                        "export HEAD=$(git rev-parse HEAD) REMOTE=$CODEBUILD_SOURCE_REPO_URL",
                        "git fetch --quiet origin",
                        'export OTHER="$(git log -1 --format=%s origin/feature/x)"',
                    ]
                }
            },
        }
        project = f"p-{uuid.uuid4().hex[:8]}"
        world.client("codebuild").create_project(
            name=project,
            source={"type": "CODEPIPELINE", "buildspec": json.dumps(buildspec)},
            artifacts={"type": "CODEPIPELINE"},
            environment={"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
            serviceRole=ROLE,
        )
        build = world.attempt("Build/CodeBuild", {"ProjectName": project}, inputs=[artifact])
        variables = carry_out(build).variables
        assert variables["LOG"] == "The second,The first,"
        assert variables["HEAD"] == cloned.second
        assert variables["OTHER"] == "Aside"
        assert variables["REMOTE"] == artifact.clone.location

    def test_nobody_but_codebuild_can_use_it(self, cloned):
        context = cloned.attempt(configuration=CLONE)
        (artifact,) = carry_out(context).artifacts
        with pytest.raises(ArtifactError, match="CodeBuild alone can use it"):
            open_session(context).read_file(artifact, "readme.md")
        body = cloned.world.s3.get_object(Bucket=artifact.bucket, Key=artifact.key)["Body"].read()
        assert json.loads(body)["commitId"] == cloned.second


def test_a_connection_that_is_not_complete_says_what_to_do(world):
    client = world.client("codeconnections")
    tags = [{"Key": "embedded-aws:status", "Value": "PENDING"}]
    arn = client.create_connection(ConnectionName="new", ProviderType="GitLab", Tags=tags)["ConnectionArn"]
    configuration = {"ConnectionArn": arn, "FullRepositoryId": "a/b", "BranchName": "main"}
    with pytest.raises(ActionError, match=r"the connection new is PENDING\. Complete it in AWS's console"):
        carry_out(world.attempt("Source/CodeStarSourceConnection", configuration, outputs=["Source"]))


def test_a_connection_may_be_bypassed_with_an_airflow_connection(world, embedded_aws, tmp_path, scratch):
    source = connection(world, embedded_aws, tmp_path / "work")
    assert carry_out(source.attempt(git_conn_id="hoster")).variables["CommitId"] == source.second


def test_what_a_trigger_says_of_a_change_is_in_the_variables(world, embedded_aws, tmp_path, scratch):
    source = connection(world, embedded_aws, tmp_path / "work")
    override = SourceRevision(type="COMMIT_ID", value=source.branched)
    said = {"BranchName": "feature/x", "PullRequestId": "7"}
    context = source.attempt(source_revisions=(override,), source_variables=said)
    variables = carry_out(context).variables
    assert variables["CommitId"] == source.branched
    assert said.items() <= variables.items()


def test_codecommit_is_read_by_its_api_where_a_worker_has_no_git(
    world, embedded_aws, tmp_path, scratch, monkeypatch
):
    source = codecommit(world, embedded_aws, tmp_path / "work")
    by_git = carry_out(source.attempt()).artifacts[0]
    monkeypatch.setattr(codecommit_source, "is_installed", lambda: False)
    context = source.attempt()
    by_api = carry_out(context).artifacts[0]
    session = open_session(context)
    for folder, artifact in (("git", by_git), ("api", by_api)):
        session.unpack(artifact, tmp_path / folder)
    files = {path.relative_to(tmp_path / "git") for path in (tmp_path / "git").rglob("*")}
    assert files == {path.relative_to(tmp_path / "api") for path in (tmp_path / "api").rglob("*")}
    assert (tmp_path / "api" / "lib" / "code.py").read_text() == "x = 1\n"


def test_a_repository_over_the_limit_is_refused_and_leaves_nothing(
    world, embedded_aws, tmp_path, scratch, monkeypatch
):
    source = plain(world, embedded_aws, tmp_path / "work")
    source.work.git("checkout", "--quiet", "main")
    source.work.commit("Large", noise_txt=uuid.uuid4().hex * 2_000_000)
    source.work.push(source.url)
    monkeypatch.setenv("CODEPIPELINE_MAX_CLONE_BYTES", "50000")
    with pytest.raises(ActionError, match="needs more than 50,000 bytes"):
        carry_out(source.attempt())


def test_what_a_repository_wishes_for_its_releases_does_not_change_the_artifact(
    world, embedded_aws, tmp_path, scratch
):
    source = plain(world, embedded_aws, tmp_path / "work")
    source.work.git("checkout", "--quiet", "main")
    (source.work.folder / ".gitattributes").write_text("readme.md export-ignore\nv export-subst\n")
    source.work.commit("Attributes", v="$Format:%H$")
    source.work.push(source.url)
    context = source.attempt()
    (artifact,) = carry_out(context).artifacts
    session = open_session(context)
    assert session.read_file(artifact, "readme.md") == b"2\n"
    assert session.read_file(artifact, "v") == b"$Format:%H$"


class TestImage:
    @pytest.fixture
    def images(self, world) -> dict[str, str]:
        ecr, name = world.client("ecr"), f"app-{uuid.uuid4().hex[:8]}"
        ecr.create_repository(repositoryName=name)
        digests = []
        for number in (1, 2):
            manifest = json.dumps({"schemaVersion": 2, "config": {"size": number}, "layers": []})
            put = ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag="latest")
            digests.append(put["image"]["imageId"]["imageDigest"])
        return {"name": name, "old": digests[0], "new": digests[1]}

    def test_the_tagged_image_is_described_in_a_file(self, world, images):
        context = world.attempt("Source/ECR", {"RepositoryName": images["name"]}, outputs=["Image"])
        outputs = carry_out(context)
        assert outputs.variables.keys() == set(action_type(context.action.action_type_id).variables)
        assert outputs.variables["ImageDigest"] == images["new"]
        uri = f"000000000000.dkr.ecr.us-east-1.amazonaws.com/{images['name']}@{images['new']}"
        assert outputs.variables["ImageURI"] == uri
        detail = json.loads(open_session(context).read_file(outputs.artifacts[0], "imageDetail.json"))
        assert detail["ImageURI"] == uri
        assert detail["ImageTags"] == ["latest"]
        assert outputs.artifacts[0].revision_id == images["new"]

    def test_what_docker_pushes_is_an_image(self, world, embedded_aws, images):
        registry, name = f"{embedded_aws.url}/v2/{images['name']}", images["name"]
        with httpx.Client(trust_env=False) as docker:
            upload = docker.post(f"{registry}/blobs/uploads/").headers["Location"]
            settings = b"{}"
            layer = f"sha256:{hashlib.sha256(settings).hexdigest()}"
            docker.put(f"{embedded_aws.url}{upload}", params={"digest": layer}, content=settings)
            kind = "application/vnd.oci.image.manifest.v1+json"
            config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": layer, "size": 2}
            manifest = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": []}
            body = json.dumps(manifest).encode()
            docker.put(f"{registry}/manifests/v3", content=body, headers={"Content-Type": kind})
        context = world.attempt("Source/ECR", {"RepositoryName": name, "ImageTag": "v3"}, outputs=["Image"])
        expected = f"sha256:{hashlib.sha256(body).hexdigest()}"
        assert carry_out(context).variables["ImageDigest"] == expected

    def test_an_override_takes_an_image_by_its_digest(self, world, images):
        override = SourceRevision(type="IMAGE_DIGEST", value=images["old"])
        context = world.attempt(
            "Source/ECR", {"RepositoryName": images["name"]}, outputs=["Image"], source_revisions=(override,)
        )
        assert carry_out(context).variables["ImageDigest"] == images["old"]

    def test_what_is_not_there_is_unavailable(self, world, images):
        for configuration in ({"RepositoryName": images["name"], "ImageTag": "no"}, {"RepositoryName": "no"}):
            with pytest.raises(ActionError, match="RevisionUnavailable: The ECR repository"):
                carry_out(world.attempt("Source/ECR", configuration, outputs=["Image"]))
        early = datetime(2020, 1, 1, tzinfo=UTC)
        context = world.attempt(
            "Source/ECR", {"RepositoryName": images["name"]}, outputs=["Image"], as_of=early
        )
        with pytest.raises(ActionError, match="had no image by 2020-01-01"):
            carry_out(context)
