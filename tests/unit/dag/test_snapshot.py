from __future__ import annotations

import os
import threading

import pytest

from airflow_codepipeline.dag import snapshot
from airflow_codepipeline.dag.snapshot import dag_file_at_origin, take
from airflow_codepipeline.settings import SNAPSHOT_MARK, pipelines_folder, snapshot_of


@pytest.fixture(autouse=True)
def _no_other_folder(monkeypatch):
    monkeypatch.delenv("CODEPIPELINE_PIPELINES", raising=False)


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    write(folder / "dags" / "codepipelines.py", "load()")
    write(folder / "dags" / "team" / "more.py", "load()")
    write(folder / "dags" / ".airflowignore", "include")
    write(folder / "include" / "pipelines" / "shop.yaml", "name: shop")
    write(folder / "include" / "variables" / "local.yaml", "bucket: one")
    return folder


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "snapshots"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def files_of(root):
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_a_snapshot_holds_the_dag_folder_the_definitions_and_their_values(project, folder):
    name = take(project / "dags", folder)

    assert files_of(folder / name) == {
        "dags/codepipelines.py",
        "dags/team/more.py",
        "dags/.airflowignore",
        "include/pipelines/shop.yaml",
        "include/variables/local.yaml",
        SNAPSHOT_MARK,
    }


def test_a_snapshot_holds_no_dotfile_no_plugin_and_nothing_else_of_include(project, folder):
    write(project / "dags" / ".env", "SECRET=1")
    write(project / "dags" / ".git" / "config", "token")
    write(project / "dags" / "__pycache__" / "codepipelines.pyc", "x")
    write(project / "include" / "pipelines" / ".env", "SECRET=1")
    write(project / "include" / "keys" / "deploy", "private")
    write(project / "plugins" / "ours.py", "x")
    before = files_of(folder / take(project / "dags", folder))

    for secret in (".env", ".git", "__pycache__", "keys", "plugins"):
        assert not [path for path in before if secret in path]


def test_the_same_contents_are_the_same_snapshot_wherever_they_lie(project, folder, tmp_path):
    name = take(project / "dags", folder)
    elsewhere = project.rename(tmp_path / "elsewhere")

    assert take(elsewhere / "dags", tmp_path / "others") == name
    assert take(elsewhere / "dags", folder) == name
    assert [path.name for path in folder.iterdir()] == [name]


@pytest.mark.parametrize(
    "change",
    ["dags/codepipelines.py", "include/pipelines/shop.yaml", "include/variables/local.yaml", "dags/new.py"],
)
def test_every_change_is_another_snapshot_and_the_old_one_stays(project, folder, change):
    before = take(project / "dags", folder)
    held = {path: path.read_text() for path in (folder / before).rglob("*") if path.is_file()}

    write(project / change, "other")
    after = take(project / "dags", folder)

    assert after != before
    assert (folder / after / change).read_text() == "other"
    assert {path: path.read_text() for path in held} == held


def test_a_renamed_file_is_another_snapshot(project, folder):
    before = take(project / "dags", folder)
    pipelines = project / "include" / "pipelines"
    (pipelines / "shop.yaml").rename(pipelines / "store.yaml")

    assert take(project / "dags", folder) != before


def test_definitions_within_the_dag_folder_are_held_once_as_on_mwaa(project, folder):
    (project / "include").rename(project / "dags" / "include")

    held = files_of(folder / take(project / "dags", folder))

    assert "dags/include/pipelines/shop.yaml" in held
    assert "dags/include/variables/local.yaml" in held
    assert not [path for path in held if path.startswith("include/")]


def test_a_folder_named_in_the_environment_is_held_and_found_in_the_snapshot(
    project, folder, tmp_path, monkeypatch
):
    write(tmp_path / "definitions" / "store.yaml", "name: store")
    monkeypatch.setenv("CODEPIPELINE_PIPELINES", str(tmp_path / "definitions"))

    name = take(project / "dags", folder)
    found = pipelines_folder(folder / name / "dags" / "team" / "more.py")

    assert found == (folder / name).resolve() / "include" / "pipelines"
    assert files_of(found) == {"store.yaml"}
    assert pipelines_folder(project / "dags" / "codepipelines.py") == tmp_path / "definitions"


def test_a_dag_file_in_a_snapshot_finds_the_snapshots_definitions_and_its_origin(project, folder):
    name = take(project / "dags", folder)
    dag_file = folder / name / "dags" / "team" / "more.py"
    held = snapshot_of(dag_file)

    assert held == (folder / name).resolve()
    assert snapshot_of(project / "dags" / "codepipelines.py") is None
    assert dag_file_at_origin(dag_file, held) == project / "dags" / "team" / "more.py"
    assert pipelines_folder(folder / name / "dags" / "codepipelines.py") == held / "include" / "pipelines"


def test_a_file_that_only_its_owner_reads_stays_so(project, folder):
    secret = project / "include" / "variables" / "local.yaml"
    secret.chmod(0o600)

    name = take(project / "dags", folder)

    assert (folder / name / "include" / "variables" / "local.yaml").stat().st_mode & 0o777 == 0o600


def test_many_that_take_the_same_snapshot_at_once_get_one_whole_snapshot(project, folder):
    for number in range(50):
        write(project / "include" / "pipelines" / f"pipeline-{number}.yaml", f"name: pipeline-{number}")
    names, start = [], threading.Barrier(8)

    def taker():
        start.wait()
        names.append(take(project / "dags", folder))

    takers = [threading.Thread(target=taker) for _ in range(8)]
    for thread in takers:
        thread.start()
    for thread in takers:
        thread.join()

    assert len(names) == 8
    assert {path.name for path in folder.iterdir()} == set(names)
    assert len(set(names)) == 1
    assert len(files_of(folder / names[0])) == 56


def test_a_copy_is_named_by_what_was_copied_when_the_folder_changes_meanwhile(project, folder, monkeypatch):
    copyfile = snapshot.shutil.copyfile

    def copy_and_change(source, target):
        write(project / "dags" / "codepipelines.py", "changed()")
        return copyfile(source, target)

    monkeypatch.setattr(snapshot.shutil, "copyfile", copy_and_change)
    name = take(project / "dags", folder)
    monkeypatch.undo()
    (project / "dags" / "codepipelines.py").write_text(
        (folder / name / "dags" / "codepipelines.py").read_text()
    )

    assert take(project / "dags", folder) == name


def test_files_that_vanish_while_they_are_read_are_read_anew(project, folder, monkeypatch):
    write(project / "dags" / "fleeting.py", "x")
    contents = snapshot._contents

    def with_a_ghost(origin):
        found = contents(origin)
        (project / "dags" / "fleeting.py").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(snapshot, "_contents", with_a_ghost)

    assert "dags/fleeting.py" not in files_of(folder / take(project / "dags", folder))


def test_a_dag_folder_that_is_not_there_is_named(tmp_path, folder):
    with pytest.raises(FileNotFoundError, match=f"no DAG folder {tmp_path / 'nowhere'}"):
        take(tmp_path / "nowhere", folder)


def test_taking_a_snapshot_that_is_there_counts_as_using_it(project, folder):
    name = take(project / "dags", folder)
    os.utime(folder / name, (0, 0))

    take(project / "dags", folder)

    assert (folder / name).stat().st_mtime > 0
