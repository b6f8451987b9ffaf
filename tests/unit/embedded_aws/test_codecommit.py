from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded_aws.caller import Caller
from embedded_aws.codecommit.announcing import Announcements
from embedded_aws.codecommit.service import CodeCommit
from embedded_aws.errors import ServiceError
from embedded_aws.git.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CALLER = Caller(account="000000000000", region="us-east-1", access_key="test")
OTHER = Caller(account="111111111111", region="us-east-1", access_key="111111111111")


class Heard:
    """A bus that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def put(self, **event: Any) -> None:
        self.events.append(event)


@pytest.fixture
def bus() -> Heard:
    return Heard()


@pytest.fixture
def service(tmp_path: Path, bus: Any) -> CodeCommit:
    places = Places(folder=tmp_path, is_available=lambda *_: False)
    announcements = Announcements(places=places, bus=bus)
    return CodeCommit(places=places, url="http://127.0.0.1:4566", announcements=announcements)


@pytest.fixture
def call(service: CodeCommit) -> Callable[..., dict[str, Any]]:
    """Call an operation on the repository `app`, which is there."""

    def run(operation: str, *, caller: Caller = CALLER, **parameters: Any) -> dict[str, Any]:
        return service.operations()[operation](caller, {"repositoryName": "app"} | parameters)

    run("CreateRepository", repositoryDescription="ours")
    return run


def put(call: Callable[..., dict[str, Any]], path: str, text: str, parent: str | None = None) -> str:
    given = {"parentCommitId": parent} if parent else {}
    answer = call("PutFile", branchName="main", filePath=path, fileContent=text.encode(), **given)
    return str(answer["commitId"])


def code_of(call: Callable[..., dict[str, Any]], operation: str, **parameters: Any) -> str:
    with pytest.raises(ServiceError) as raised:
        call(operation, **parameters)
    return raised.value.code


def test_a_repository_says_where_to_clone_it(call: Callable[..., dict[str, Any]]) -> None:
    found = call("GetRepository")["repositoryMetadata"]
    assert found["cloneUrlHttp"] == "http://127.0.0.1:4566/v1/repos/app"
    assert found["Arn"] == "arn:aws:codecommit:us-east-1:000000000000:app"
    assert found["repositoryDescription"] == "ours"
    assert "defaultBranch" not in found


def test_a_repository_is_its_accounts_alone(call: Callable[..., dict[str, Any]]) -> None:
    assert code_of(call, "GetRepository", caller=OTHER) == "RepositoryDoesNotExistException"
    made = call("CreateRepository", caller=OTHER)["repositoryMetadata"]
    assert made["cloneUrlHttp"].endswith("/111111111111/us-east-1/v1/repos/app")


@pytest.mark.parametrize("name", ["a/b", "..", "a.git", "-x", "a" * 101])
def test_a_name_that_codecommit_does_not_allow_is_refused(
    call: Callable[..., dict[str, Any]], name: str
) -> None:
    assert code_of(call, "CreateRepository", repositoryName=name) == "InvalidRepositoryNameException"


def test_lists_name_what_there_is(call: Callable[..., dict[str, Any]]) -> None:
    call("CreateRepository", repositoryName="zoo")
    named = [one["repositoryName"] for one in call("ListRepositories", order="descending")["repositories"]]
    assert named == ["zoo", "app"]
    found = call("BatchGetRepositories", repositoryNames=["app", "none"])
    assert [one["repositoryName"] for one in found["repositories"]] == ["app"]
    assert found["repositoriesNotFound"] == ["none"]


def test_a_repository_is_deleted_once_and_may_be_made_again(call: Callable[..., dict[str, Any]]) -> None:
    assert code_of(call, "CreateRepository") == "RepositoryNameExistsException"
    assert call("DeleteRepository")["repositoryId"]
    assert call("DeleteRepository") == {}
    call("CreateRepository")


def test_the_first_file_makes_the_branch(call: Callable[..., dict[str, Any]]) -> None:
    commit = put(call, "a/b.txt", "1")
    assert call("GetBranch", branchName="main")["branch"]["commitId"] == commit
    assert call("GetRepository")["repositoryMetadata"]["defaultBranch"] == "main"
    found = call("GetFile", filePath="a/b.txt")
    assert (found["fileContent"], found["fileMode"], found["commitId"]) == (b"1", "NORMAL", commit)


def test_a_folder_lists_what_it_holds(call: Callable[..., dict[str, Any]]) -> None:
    put(call, "a/b.txt", "1")
    root = call("GetFolder", folderPath="/")
    assert [one["absolutePath"] for one in root["subFolders"]] == ["a"]
    inner = call("GetFolder", folderPath="a")
    assert [(one["absolutePath"], one["relativePath"]) for one in inner["files"]] == [("a/b.txt", "b.txt")]
    assert call("GetBlob", blobId=inner["files"][0]["blobId"])["content"] == b"1"


def test_a_commit_knows_its_parent_and_its_author(call: Callable[..., dict[str, Any]]) -> None:
    first = put(call, "a", "1")
    second = put(call, "a", "2", first)
    found = call("GetCommit", commitId=second)["commit"]
    assert found["parents"] == [first]
    assert found["author"]["name"] == "test"
    assert found["author"]["date"].endswith(" +0000")


def test_create_commit_puts_and_deletes_at_once(call: Callable[..., dict[str, Any]]) -> None:
    first = put(call, "a", "1")
    put_files = [{"filePath": "run.sh", "fileMode": "EXECUTABLE", "fileContent": b"#!/bin/sh\n"}]
    given = {"branchName": "main", "parentCommitId": first, "authorName": "Ada", "email": "a@example.com"}
    call("CreateCommit", putFiles=put_files, deleteFiles=[{"filePath": "a"}], **given)
    files = call("GetFolder", folderPath="")["files"]
    assert [(one["relativePath"], one["fileMode"]) for one in files] == [("run.sh", "EXECUTABLE")]


def test_branches_are_made_of_commits(call: Callable[..., dict[str, Any]]) -> None:
    commit = put(call, "a", "1")
    call("CreateBranch", branchName="feature/x", commitId=commit)
    assert call("ListBranches")["branches"] == ["feature/x", "main"]
    call("UpdateDefaultBranch", defaultBranchName="feature/x")
    assert call("GetRepository")["repositoryMetadata"]["defaultBranch"] == "feature/x"


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("GetBranch", {"branchName": "no"}, "BranchDoesNotExistException"),
        ("GetBranch", {}, "BranchNameRequiredException"),
        ("CreateBranch", {"branchName": "main", "commitId": "main"}, "BranchNameExistsException"),
        ("CreateBranch", {"branchName": "a..b", "commitId": "main"}, "InvalidBranchNameException"),
        ("CreateBranch", {"branchName": "x", "commitId": "no"}, "CommitDoesNotExistException"),
        ("UpdateDefaultBranch", {"defaultBranchName": "no"}, "BranchDoesNotExistException"),
        ("GetCommit", {"commitId": "1" * 40}, "CommitIdDoesNotExistException"),
        ("GetFile", {"filePath": "no"}, "FileDoesNotExistException"),
        ("GetFile", {"filePath": "a", "commitSpecifier": "no"}, "CommitDoesNotExistException"),
        ("GetFolder", {"folderPath": "no"}, "FolderDoesNotExistException"),
        ("GetBlob", {"blobId": "1" * 40}, "BlobIdDoesNotExistException"),
        ("CreateCommit", {"branchName": "main"}, "FileEntryRequiredException"),
        ("ListBranches", {"nextToken": "x"}, "InvalidContinuationTokenException"),
    ],
)
def test_what_is_not_there_is_an_error_of_codecommits(
    call: Callable[..., dict[str, Any]], operation: str, parameters: dict[str, Any], code: str
) -> None:
    put(call, "a", "1")
    assert code_of(call, operation, **parameters) == code


def test_a_change_must_start_from_the_tip(call: Callable[..., dict[str, Any]]) -> None:
    given = {"branchName": "main", "filePath": "a", "fileContent": b"x"}
    first = put(call, "a", "1")
    put(call, "a", "2", first)
    assert code_of(call, "PutFile", **given) == "ParentCommitIdRequiredException"
    assert code_of(call, "PutFile", parentCommitId=first, **given) == "ParentCommitIdOutdatedException"
    tip = call("GetBranch", branchName="main")["branch"]["commitId"]
    wrong = given | {"filePath": "../x", "parentCommitId": tip}
    assert code_of(call, "PutFile", **wrong) == "InvalidPathException"


def test_what_becomes_of_a_branch_is_an_event(call: Callable[..., dict[str, Any]], bus: Heard) -> None:
    first = put(call, "a.txt", "one")
    second = put(call, "a.txt", "two", first)
    call("CreateBranch", branchName="release", commitId=first)

    assert {event["detail_type"] for event in bus.events} == {"CodeCommit Repository State Change"}
    assert {event["resource"] for event in bus.events} == {"arn:aws:codecommit:us-east-1:000000000000:app"}
    told = [
        tuple(event["detail"].get(key) for key in ("event", "referenceName", "commitId", "oldCommitId"))
        for event in bus.events
    ]
    assert told == [
        ("referenceCreated", "main", first, None),
        ("referenceUpdated", "main", second, first),
        ("referenceCreated", "release", first, None),
    ]


def test_what_is_refused_is_none(call: Callable[..., dict[str, Any]], bus: Heard) -> None:
    put(call, "a.txt", "one")
    bus.events.clear()

    assert code_of(call, "CreateBranch", branchName="main", commitId="HEAD") == "BranchNameExistsException"
    assert bus.events == []
