from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded_aws.caller import Caller
from embedded_aws.codebuild.order import numbered, order
from embedded_aws.codebuild.projects import Projects
from embedded_aws.codebuild.store import Store
from embedded_aws.codebuild.tracker import Tracker
from embedded_aws.errors import BuildError, ServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CALLER = Caller(account="111111111111", region="us-east-1", access_key="key")
OTHER = Caller(account="222222222222", region="us-east-1", access_key="key")
PROJECT = {
    "name": "app",
    "source": {"type": "CODEPIPELINE", "buildspec": "spec.yml"},
    "artifacts": {"type": "CODEPIPELINE"},
    "environment": {
        "type": "LINUX_CONTAINER",
        "image": "i",
        "computeType": "BUILD_GENERAL1_SMALL",
        "environmentVariables": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
    },
    "serviceRole": "arn:aws:iam::111111111111:role/build",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def projects(store: Store) -> Projects:
    made = Projects(store)
    made.create(CALLER, PROJECT)
    return made


def test_a_project_is_its_accounts_alone(store: Store, projects: Projects) -> None:
    assert projects.batch_get(OTHER, {"names": ["app"]}) == {"projects": [], "projectsNotFound": ["app"]}
    assert projects.find(CALLER, "arn:aws:codebuild:us-east-1:111111111111:project/app").name == "app"
    with pytest.raises(ServiceError, match="ResourceAlreadyExistsException"):
        projects.create(CALLER, PROJECT)


def test_an_update_changes_what_it_names_and_nothing_else(projects: Projects) -> None:
    projects.update(CALLER, {"name": "app", "description": "new"})
    project = projects.find(CALLER, "app")
    assert (project.description, project.source.buildspec) == ("new", "spec.yml")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "-"}, "Project name '-'"),
        ({"source": {"type": "S3"}}, "source location is required for type S3"),
        ({"source": {"type": "NO_SOURCE"}}, "Buildspec is required"),
        ({"artifacts": {"type": "S3"}}, "artifacts location is required"),
        ({"secondarySources": [{"type": "S3", "location": "b/k"}]}, "sourceIdentifier ''"),
        (
            {"secondaryArtifacts": [{"type": "S3", "location": "b", "artifactIdentifier": "x"}] * 2},
            "Each artifactIdentifier must be used once",
        ),
    ],
)
def test_a_project_no_build_could_run_from_is_refused(
    projects: Projects, change: dict[str, object], message: str
) -> None:
    with pytest.raises(ServiceError) as raised:
        projects.create(CALLER, PROJECT | {"name": "other"} | change)
    assert raised.value.code == "InvalidInputException"
    assert message in raised.value.message


def test_overrides_take_the_place_of_what_the_project_says(projects: Projects) -> None:
    overrides = {
        "sourceTypeOverride": "S3",
        "sourceLocationOverride": "b/k.zip",
        "artifactsOverride": {"type": "S3", "location": "b", "name": "out.zip", "packaging": "ZIP"},
        "environmentVariablesOverride": [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}],
        "serviceRoleOverride": "arn:aws:iam::111111111111:role/other",
    }
    record = order(CALLER, projects.find(CALLER, "app"), overrides, now=1.0)

    assert (record.build.source.type, record.build.source.location) == ("S3", "b/k.zip")
    assert record.build.source.buildspec == "spec.yml"
    assert record.artifacts.name == "out.zip"
    assert {one.name: one.value for one in record.build.environment.environment_variables} == {
        "A": "1",
        "B": "3",
        "C": "4",
    }
    assert record.build.service_role.endswith("/other")


def test_numbers_count_up_for_each_project(store: Store) -> None:
    assert [store.next_number(CALLER, "a") for _ in range(3)] == [1, 2, 3]
    assert store.next_number(CALLER, "b") == 1
    assert store.next_number(OTHER, "a") == 1


def test_a_token_is_known_for_five_minutes(store: Store) -> None:
    store.put_token(CALLER, "t", digest="d", build_id="b", now=1000.0)
    assert store.token(CALLER, "t", 1299.0) == ("d", "b")
    assert store.token(CALLER, "t", 1300.0) is None
    assert store.token(OTHER, "t", 1001.0) is None


def test_a_build_is_there_after_the_store_was_opened_again(
    tmp_path: Path, store: Store, projects: Projects
) -> None:
    record = numbered(order(CALLER, projects.find(CALLER, "app"), {}, now=1.0), 1)
    tracker = Tracker(store=store, record=record)
    tracker.begin("BUILD")

    again = Store(tmp_path)
    assert [one.build.current_phase for one in again.incomplete()] == ["BUILD"]
    tracker.end("FAILED", BuildError("CLIENT_ERROR", "why"))
    tracker.complete("FAILED")
    assert again.incomplete() == []
    build = again.build(CALLER, record.build.id)
    again.close()

    assert build is not None
    assert [(phase.phase_type, phase.phase_status) for phase in build.build.phases] == [
        ("BUILD", "FAILED"),
        ("COMPLETED", None),
    ]
    assert build.build.phases[0].contexts[0].message == "why"
