"""`codepipeline import` and `codepipeline export`: the command line, the report, the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from airflow_codepipeline.cli.app import build

TEMPLATE = """\
Parameters:
  Branch: {Type: String}
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Pipeline:
    Type: AWS::CodePipeline::Pipeline
    Properties:
      Name: !Sub shop-${Branch}
      RoleArn: arn:aws:iam::111122223333:role/pipeline
      ArtifactStore: {Type: S3, Location: !Ref Bucket}
      Stages:
        - Name: Source
          Actions:
            - Name: Source
              ActionTypeId: {Category: Source, Owner: AWS, Provider: S3, Version: 1}
              Configuration: {S3Bucket: source, S3ObjectKey: app.zip}
              OutputArtifacts: [{Name: App}]
        - Name: Approval
          Actions:
            - Name: Approve
              ActionTypeId: {Category: Approval, Owner: AWS, Provider: Manual, Version: 1}
"""


@pytest.fixture
def stack(tmp_path, monkeypatch):
    monkeypatch.delenv("CODEPIPELINE_ENVIRONMENT", raising=False)
    path = tmp_path / "stack.yaml"
    path.write_text(TEMPLATE)
    return path


def run(*arguments):
    line = list(map(str, arguments))
    return CliRunner().invoke(build(line), line)


def import_json(stack, *arguments):
    output = stack.parent / "out"
    result = run("import", stack, "--output", output, "--format", "json", *arguments)
    return result, json.loads(result.stdout)


def test_the_report_says_what_was_written_and_what_is_unknown(stack):
    result, report = import_json(stack, "--parameter", "Branch=main")

    file = stack.parent / "out" / "pipelines" / "shop-main.yaml"
    assert result.exit_code == 0
    assert report == {
        "pipelines": [
            {
                "name": "shop-main",
                "file": str(file),
                "unresolved": [
                    {
                        "variable": "bucket",
                        "was": "!Ref Bucket (AWS::S3::Bucket) in stack.yaml",
                        "value": "bucket",
                    }
                ],
                "findings": [],
            }
        ],
        "errors": [],
    }
    assert file.exists()


def test_an_error_exits_with_1_and_says_where(stack):
    stack.write_text(TEMPLATE.replace("!Ref Bucket", "!Ref Bukcet"))

    result, report = import_json(stack, "--parameter", "Branch=main")

    assert result.exit_code == 1
    assert report["pipelines"] == []
    [error] = report["errors"]
    assert (error["id"], error["line"], error["suggestion"]) == ("CI005", 10, "Did you mean 'Bucket'?")


def test_only_the_report_goes_to_standard_output(stack):
    stack.write_text(TEMPLATE + "    Condition: Never\nConditions: {Never: !Equals [a, b]}\n")

    result, report = import_json(stack, "--parameter", "Branch=main")

    assert (result.exit_code, report) == (0, {"pipelines": [], "errors": []})
    assert "CI107" in result.stderr


def test_the_environment_names_the_variables_file(stack):
    import_json(stack, "--environment", "prod", "--parameter", "Branch=main")

    assert [path.name for path in (stack.parent / "out" / "variables").iterdir()] == ["prod.yaml"]


def test_the_command_line_beats_the_parameters_file(stack):
    parameters = stack.parent / "parameters.json"
    parameters.write_text('{"Branch": "dev"}')

    _, from_file = import_json(stack, "--parameters-file", parameters)
    _, both = import_json(stack, "--parameters-file", parameters, "--parameter", "Branch=main")

    assert [report["pipelines"][0]["name"] for report in (from_file, both)] == ["shop-dev", "shop-main"]


def test_terraform_may_be_named_as_such(stack):
    stack.write_text('{"format_version": "1.0", "values": {"root_module": {}}}')

    result = run("import", "--terraform", stack, "--output", stack.parent / "out")

    assert result.exit_code == 1
    assert "CI002" in result.stdout


def test_people_get_sentences(stack):
    result = run("import", stack, "--output", stack.parent / "out")

    assert result.exit_code == 0
    assert "  bucket: !Ref Bucket (AWS::S3::Bucket)" in result.stdout
    assert "warning CI106 at name: The name depends on Parameter Branch" in result.stdout
    assert result.stdout.splitlines()[-1] == "1 pipeline, 1 variable, 0 errors."


USAGE = [
    ["--output", "out"],
    ["stack.yaml"],
    ["stack.yaml", "--output", "out", "--parameter", "Branch"],
    ["stack.yaml", "--output", "out", "--environment", "../up"],
    ["stack.yaml", "--output", "out", "--parameters-file", "nothing.json"],
]


@pytest.mark.parametrize("arguments", USAGE)
def test_a_wrong_command_line_exits_with_2(arguments, stack, monkeypatch):
    monkeypatch.chdir(stack.parent)

    assert run("import", *arguments).exit_code == 2
    assert not (stack.parent / "out").exists()


@pytest.fixture
def definition(stack):
    _, report = import_json(stack, "--parameter", "Branch=main")
    return report["pipelines"][0]["file"]


def test_export_prints_what_get_pipeline_would(definition):
    result = run("export", definition)

    declared = json.loads(result.stdout)["pipeline"]
    assert (result.exit_code, declared["name"]) == (0, "shop-main")
    assert declared["artifactStore"] == {"location": "bucket", "type": "S3"}
    assert declared["stages"][1]["actions"][0]["actionTypeId"] == {
        "category": "Approval",
        "provider": "Manual",
        "version": "1",
        "owner": "AWS",
    }


@pytest.mark.parametrize("form", ["json", "cloudformation"])
def test_export_leaves_out_what_is_for_airflow(definition, form):
    path = Path(definition)
    document = yaml.safe_load(path.read_text())
    document["airflow"] = {"schedule": {"assets": ["orders"]}}
    document["stages"][1]["airflow"] = {"outlets": ["report"]}
    document["stages"][1]["actions"][0]["airflow"] = {"retries": 1}
    path.write_text(yaml.safe_dump(document))

    result = run("export", path, "--format", form)

    assert result.exit_code == 0
    assert "airflow" not in result.stdout.lower()


def test_export_prints_a_template_that_is_imported_again(definition, stack):
    stack.write_text(run("export", definition, "--format", "cloudformation").stdout)

    _, report = import_json(stack)

    assert report["errors"] == []
    assert report["pipelines"][0]["name"] == "shop-main"


def test_a_definition_that_is_wrong_is_not_exported(stack):
    path = stack.parent / "broken.yaml"
    path.write_text("name: broken\n")

    result = run("export", path)

    assert (result.exit_code, result.stdout) == (1, "")
    assert "CP103" in result.stderr
