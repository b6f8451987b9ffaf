"""Real templates: imported, read, built, serialised, exported, imported again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from airflow_codepipeline.cli.app import build
from airflow_codepipeline.definition.extension import PipelineExtension
from airflow_codepipeline.definition.reader import examine, read_pipeline
from airflow_codepipeline.importing.imports import import_files
from corpus.refused import NOT_CREATED, REFUSED

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
FORMS = ("json", "cloudformation")

pytestmark = [
    pytest.mark.needs_shared,
    pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus is not beside the repository"),
]


def rows():
    if not CORPUS.exists():
        return []
    with (CORPUS / "index.tsv").open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """The report of each file, and what was written."""
    return {
        row["file"]: import_files([CORPUS / row["file"]], output=tmp_path_factory.mktemp("imported"))
        for row in rows()
    }


def written(imported):
    return [(file, pipeline) for file, report in imported.items() for pipeline in report.pipelines]


def test_everything_is_imported_that_aws_would_take(imported, capsys):
    said = {
        file: {finding.id for finding in report.errors} for file, report in imported.items() if report.errors
    }

    with capsys.disabled():
        typer.echo(
            f"\ncorpus: {len(imported)} files, {len(written(imported))} pipelines imported, "
            f"{len(said)} files refused, {sum(NOT_CREATED.values())} pipelines not created"
        )
    assert said == REFUSED


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["file"])
def test_no_pipeline_of_an_accepted_file_is_lost(row, imported):
    file = row["file"]
    if file in REFUSED:
        pytest.skip("refused")

    lost = NOT_CREATED.get(file, 0)

    assert len(imported[file].pipelines) == int(row["pipelines"]) - lost


def test_what_is_refused_is_refused_with_its_place(imported):
    findings = [finding for report in imported.values() for finding in report.errors]

    assert all(finding.line for finding in findings if not finding.file.endswith(".tf"))
    assert all(Path(finding.file).exists() and finding.message for finding in findings)


def test_every_definition_is_read_without_an_error(imported):
    wrong = {
        str(pipeline.file): examine(pipeline.file).errors
        for _, pipeline in written(imported)
        if examine(pipeline.file).errors
    }

    assert wrong == {}


def test_every_definition_becomes_a_dag_that_airflow_can_store(imported):
    from airflow.serialization.serialized_objects import DagSerialization

    from airflow_codepipeline.dag.factory import build_dag

    for _, pipeline in written(imported):
        data = DagSerialization.to_dict(build_dag(read_pipeline(pipeline.file)))
        assert json.loads(json.dumps(data))["dag"]["dag_id"]


def as_exported(pipeline, form):
    """What a form can hold: get-pipeline's JSON has no tags, CloudFormation no version."""
    if form == "json":
        return msgspec.structs.replace(pipeline, airflow=PipelineExtension())
    return msgspec.structs.replace(pipeline, version=1)


@pytest.mark.parametrize("form", FORMS)
def test_export_and_import_give_the_same_definition_back(form, imported, tmp_path):
    for number, (_, pipeline) in enumerate(written(imported)):
        line = ["export", str(pipeline.file), "--format", form]
        exported = CliRunner().invoke(build(line), line)
        assert exported.exit_code == 0, exported.stderr
        source = tmp_path / f"{number}.{'yaml' if form == 'cloudformation' else 'json'}"
        source.write_text(exported.stdout)

        report = import_files([source], output=tmp_path / str(number))

        assert report.errors == []
        [again] = report.pipelines
        first, second = read_pipeline(pipeline.file), read_pipeline(again.file)
        assert second == as_exported(first, form)


def test_no_file_that_is_written_holds_a_secret_of_the_corpus(imported):
    keys = ("OAuthToken", "ClientSecret", "RefreshToken")
    for _, pipeline in written(imported):
        for stage in read_pipeline(pipeline.file).stages:
            for action in stage.actions:
                secrets = [action.configuration[key] for key in keys if key in action.configuration]
                assert all(value == "CHANGE-ME" or "{{resolve:" in value for value in secrets)
