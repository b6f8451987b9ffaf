from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded_aws.git.places import Places, codecommit_path
from embedded_aws.git.program import GitError
from embedded_aws.git.repository import Repository
from embedded_aws.git.writing import Author, Change, write_blob, write_commit

if TYPE_CHECKING:
    from pathlib import Path

ADA = Author(name="Ada", email="ada@example.com")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.make(tmp_path / "app.git")


def write(repository: Repository, branch: str = "main", *, parent: str | None = None, **files: str) -> str:
    changes = [
        Change(path=path.replace("__", "/"), blob=write_blob(repository, text.encode()))
        for path, text in files.items()
    ]
    commit = write_commit(repository, parent=parent, changes=changes, message="Why\n", author=ADA)
    repository.set_branch(branch, commit, parent)
    return commit


def test_a_repository_is_made_once_and_whole(repository: Repository) -> None:
    assert repository.exists
    assert repository.branches() == {}
    assert repository.default_branch() is None
    with pytest.raises(FileExistsError):
        Repository.make(repository.folder)
    assert [path.name for path in repository.folder.parent.iterdir()] == ["app.git"]


def test_a_commit_says_what_was_written(repository: Repository) -> None:
    first = write(repository, a="1", lib__b="2")
    second = write(repository, parent=first, a="3")
    commit = repository.commit(second)
    assert commit.parents == (first,)
    assert (commit.author.name, commit.author.email, commit.message) == ("Ada", "ada@example.com", "Why\n")
    assert [(one.name, one.kind) for one in repository.entries(second, "") or []] == [
        ("a", "blob"),
        ("lib", "tree"),
    ]
    blob = repository.id_at(second, "lib/b", "blob")
    assert blob is not None
    assert repository.blob(blob) == b"2"
    assert repository.entries(second, "a") is None


def test_a_branch_that_has_moved_meanwhile_is_not_moved_back(repository: Repository) -> None:
    first = write(repository, a="1")
    write(repository, parent=first, a="2")
    with pytest.raises(GitError):
        write(repository, parent=first, a="3")


def test_head_leads_to_a_branch_that_exists(repository: Repository) -> None:
    write(repository, "trunk", a="1")
    repository.settle_head()
    assert repository.default_branch() == "trunk"
    assert (repository.folder / "HEAD").read_text() == "ref: refs/heads/trunk\n"


@pytest.mark.parametrize("specifier", ["main", "refs/heads/main", "HEAD"])
def test_a_commit_is_found_by_its_names(repository: Repository, specifier: str) -> None:
    commit = write(repository, a="1")
    assert repository.resolve(specifier) == commit


@pytest.mark.parametrize("specifier", ["nothing", "--all", "main..x", "main:a", "@{-1}", ""])
def test_what_names_no_commit_is_none(repository: Repository, specifier: str) -> None:
    write(repository, a="1")
    assert repository.resolve(specifier) is None


@pytest.mark.parametrize("path", ["../x", "/x", ".git/config", "a/../../x"])
def test_a_path_that_climbs_out_is_refused(repository: Repository, path: str) -> None:
    change = Change(path=path, blob=write_blob(repository, b""))
    with pytest.raises(GitError):
        write_commit(repository, parent=None, changes=[change], message="m", author=ADA)


class TestPlaces:
    @pytest.fixture
    def places(self, tmp_path: Path) -> Places:
        return Places(folder=tmp_path, is_available=lambda account, region, name: name == "good")

    def test_a_repository_of_another_account_has_a_path_of_its_own(self, places: Places) -> None:
        for account, region in (("000000000000", "us-east-1"), ("111111111111", "eu-west-1")):
            made = Repository.make(places.codecommit(account, region, "app").folder)
            assert places.at(codecommit_path(account, region, "app"), pushing=False) == made

    def test_a_hosters_repository_is_made_by_a_push(self, places: Places) -> None:
        assert places.at("/git/acme/app", pushing=False) is None
        pushed = places.at("/git/acme/app.git", pushing=True)
        assert pushed is not None
        assert places.at("/git/acme/app", pushing=False) == pushed
        assert places.at("/v1/repos/app", pushing=True) is None

    def test_a_connection_leads_to_it_when_it_is_available(self, places: Places) -> None:
        made = places.at("/git/acme/app", pushing=True)
        start = "/git-http/000000000000/us-east-1"
        assert places.at(f"{start}/good/acme/app.git", pushing=False) == made
        assert places.at(f"{start}/other/acme/app.git", pushing=False) is None

    @pytest.mark.parametrize(
        "path", ["/git/../x/y", "/git/acme/..", "/git/acme/.hidden", "/git/acme", "/v1/repos/../x", "/x"]
    )
    def test_paths_that_lead_elsewhere_are_none(self, places: Places, path: str) -> None:
        assert places.at(path, pushing=True) is None
