"""What an import writes, and what it leaves alone."""

from __future__ import annotations

import json

import pytest
import yaml

from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.importing.api_form import api_form
from unit.importing.conftest import template

BUCKET = "Bucket: {Type: AWS::S3::Bucket}\n"


def test_a_variable_that_has_a_value_keeps_it(project):
    path = project.output / "variables" / "local.yaml"
    project.report(template("!Ref Bucket", resources=BUCKET))
    path.write_text(path.read_text().replace('"bucket"', "mine") + "own: 1\n")

    report = project.report(template("!Ref Bucket", resources=BUCKET))

    assert yaml.safe_load(path.read_text()) == {"bucket": "mine", "own": 1}
    assert read_pipeline(report.pipelines[0].file).stages[1].actions[0].configuration["CustomData"] == "mine"


def test_variables_of_two_templates_do_not_meet(project):
    first = project.file(template("!Ref Bucket", resources=BUCKET, name="one"), "one.yaml")
    second = project.file(template("!Ref Bucket", resources=BUCKET, name="two"), "two.yaml")

    report = project.run(first, second)

    names = [piece.name for written in report.pipelines for piece in written.unresolved]
    assert names == ["bucket", "two_bucket"]


def test_importing_again_writes_the_same(project):
    text = template("!Join ['', [!Ref Bucket, !Ref 'AWS::Region']]", resources=BUCKET)
    project.report(text)
    before = {path: path.read_text() for path in project.output.rglob("*.yaml")}

    project.report(text)

    assert {path: path.read_text() for path in project.output.rglob("*.yaml")} == before


def test_a_definition_written_by_hand_is_never_replaced(project):
    path = project.output / "pipelines" / "shop.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("name: shop\n")

    report = project.report(template(name="shop"))

    assert [error.id for error in report.errors] == ["CI008"]
    assert path.read_text() == "name: shop\n"


@pytest.mark.parametrize("suffix", ["json", "yml"])
def test_no_definition_is_written_beside_another_of_its_pipeline(project, suffix):
    path = project.output / "pipelines" / f"shop.v2.{suffix}"
    path.parent.mkdir(parents=True)
    path.write_text('{"name": "shop.v2"}')

    report = project.report(template(name="shop.v2"))

    assert [error.id for error in report.errors] == ["CI008"]
    assert f"shop.v2.{suffix} declares that pipeline already" in report.errors[0].message
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_in_the_place_of_a_definition_is_named(project):
    path = project.output / "pipelines" / "shop.yaml"
    path.mkdir(parents=True)

    [error] = project.report(template(name="shop")).errors

    assert error.message == f"{path} cannot be written: Is a directory."


def test_a_name_that_was_made_gives_way(project):
    first, second = project.file(template(), "one.yaml"), project.file(template(), "two.yaml")

    report = project.run(first, second)

    assert [written.name for written in report.pipelines] == ["Web", "two-Web"]


def test_a_name_that_was_declared_twice_is_an_error(project):
    first = project.file(template(name="shop"), "one.yaml")
    second = project.file(template(name="shop"), "two.yaml")

    report = project.run(first, second)

    assert [written.name for written in report.pipelines] == ["shop"]
    [error] = report.errors
    assert (error.id, error.line) == ("CI008", 5)
    assert error.file.endswith("two.yaml")


def test_requests_name_the_pipeline_as_it_is_called(project):
    frozen = template().replace(
        "  Stages:\n",
        "  DisableInboundStageTransitions: [{StageName: Approval, Reason: Frozen}]\n      Stages:\n",
        1,
    )
    first, second = project.file(template(), "one.yaml"), project.file(frozen, "two.yaml")

    project.run(first, second)

    [request] = (project.output / "disabled_transitions").iterdir()
    assert yaml.safe_load(request.read_text())["pipelineName"] == "two-Web"


def test_a_value_that_one_pipeline_needs_in_a_form_has_that_form_for_all(project):
    before = "Parameters: {Runner: {Type: String}}\n"
    text = template("!Ref Runner", before=before, name="plain")
    role = template("x", name="role").replace("arn:aws:iam::111122223333:role/pipeline", "!Ref Runner")
    both = text + role[role.index("  Web:\n") :].replace("  Web:\n", "  Role:\n", 1)
    reversed_both = both.replace("Name: plain", "Name: later").replace("Name: role", "Name: earlier")

    for written in (both, reversed_both):
        report = project.report(written)
        assert [read_pipeline(item.file).name for item in report.pipelines]
    values = yaml.safe_load((project.output / "variables" / "local.yaml").read_text())
    assert values == {"runner": "arn:aws:iam::111122223333:role/runner"}


def test_a_pipeline_that_cannot_be_in_the_region_of_the_others_has_its_own(project):
    stores = ", ".join(
        f"{{Region: {region}, ArtifactStore: {{Type: S3, Location: store}}}}"
        for region in ("eu-west-1", "eu-north-1")
    )
    text = template("!Ref AWS::Region")
    bound = text.replace("ArtifactStore: {Type: S3, Location: artifacts}", f"ArtifactStores: [{stores}]")
    bound = bound.replace("- Name: Approve\n", "- Name: Approve\n              Region: !Ref AWS::Region\n")

    report = project.run(project.file(text, "any.yaml"), project.file(bound, "bound.yaml"))

    regions = [read_pipeline(item.file).stages[1].actions[0] for item in report.pipelines]
    assert [item.configuration["CustomData"] for item in regions] == ["us-east-1", "eu-west-1"]
    assert [[piece.name for piece in item.unresolved] for item in report.pipelines] == [
        ["region"],
        ["bound_region"],
    ]


def test_a_secret_of_one_pipeline_is_one_for_all(project):
    before = "Parameters: {Login: {Type: String}}\n"
    github = "{Category: Source, Owner: ThirdParty, Provider: GitHub, Version: 1}"
    text = template("!Ref Login", before=before, name="plain")
    secret = (
        template("x", name="secret")
        .replace("{Category: Source, Owner: AWS, Provider: S3, Version: 1}", github)
        .replace(
            "{S3Bucket: source, S3ObjectKey: app.zip}",
            "{Owner: a, Repo: b, Branch: c, OAuthToken: !Ref Login}",
        )
    )
    both = text + secret[secret.index("  Web:\n") :].replace("  Web:\n", "  Other:\n", 1)

    report = project.report(both)

    values = yaml.safe_load((project.output / "variables" / "local.yaml").read_text())
    assert values == {"login": "CHANGE-ME"}
    assert [piece.assumed for item in report.pipelines for piece in item.unresolved] == ["CHANGE-ME"] * 2


def test_a_file_may_be_called_like_a_template_of_jinja(project):
    pipeline = project.pipeline(template("!Ref AWS::StackName"), "{{cookiecutter.name}}{%x%}.yaml")

    assert pipeline.name == "Web"


def test_a_variables_file_that_cannot_be_read_stops_everything(project):
    path = project.output / "variables" / "local.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("[")

    report = project.report(template())

    assert [error.file for error in report.errors] == [str(path)]
    assert not (project.output / "pipelines").exists()


def test_a_folder_that_cannot_be_written_is_an_error(project):
    project.output.write_text("a file")

    report = project.report(template())

    assert [error.id for error in report.errors] == ["CI008"]


def test_a_cloud_assembly_is_read_by_its_manifest(project):
    folder = project.folder / "cdk.out"
    project.file(template(name="shop"), "cdk.out/Shop.template.json")
    project.file(template(name="inner"), "cdk.out/assembly-Inner/Inner.template.json")
    project.file(template(name="nested"), "cdk.out/ShopNested.nested.template.json")
    project.file(template(name="stale"), "cdk.out/Stale.template.json")
    manifest = '{"artifacts": {"A": {"type": "%s", "properties": {"%s": "%s"}}}}'
    outer = manifest % ("aws:cloudformation:stack", "templateFile", "Shop.template.json")
    inner = ', "B": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Inner"}}}}'
    project.file(outer[:-2] + inner, "cdk.out/manifest.json")
    project.file(
        manifest % ("aws:cloudformation:stack", "templateFile", "Inner.template.json"),
        "cdk.out/assembly-Inner/manifest.json",
    )

    report = project.run(folder)

    assert (report.errors, [written.name for written in report.pipelines]) == (
        [],
        ["shop", "nested", "inner"],
    )


def test_a_template_that_a_cloud_assembly_lacks_is_an_error(project):
    manifest = {
        "artifacts": {
            name: {"type": "aws:cloudformation:stack", "properties": {"templateFile": f"{name}.json"}}
            for name in ("Shop", "Gone")
        }
    }
    project.file(template(name="shop"), "cdk.out/Shop.json")
    project.file(json.dumps(manifest), "cdk.out/manifest.json")

    report = project.run(project.folder / "cdk.out")

    assert [written.name for written in report.pipelines] == ["shop"]
    [error] = report.errors
    assert (error.id, error.file) == ("CP001", str(project.folder / "cdk.out" / "Gone.json"))


def test_a_folder_without_a_manifest_is_searched_for_templates(project):
    project.file(template(name="shop"), "cdk.out/Shop.template.json")
    project.file("Resources: {}\n", "cdk.out/Empty.template.json")

    report = project.run(project.folder / "cdk.out")

    assert (report.errors, [written.name for written in report.pipelines]) == ([], ["shop"])


REFUSED = {
    "text.yaml": ("just text", "CI001"),
    "empty.yaml": ("", "CI001"),
    "none.yaml": ("Resources: {}\n", "CI002"),
    "list.yaml": ("Resources: []\n", "CI003"),
    "main.tf": ('resource "aws_codepipeline" "x" { name = a["b"] ? "1:2" : 3 }\n', "CI001"),
    "broken.json": ('{"Resources": ', "CP004"),
    "broken.yaml": ("Resources: [\n", "CP004"),
    "pipeline.json": ('{"pipeline": {"stages": []}}', "CI003"),
    "beside.json": ('{"pipeline": {"name": "x", "stages": []}, "extra": 1}', "CI003"),
    "properties.yaml": ("Resources: {P: {Type: 'AWS::CodePipeline::Pipeline'}}\n", "CI003"),
    "deep.yaml": ("[" * 2000 + "]" * 2000, "CP002"),
    "deeper.yaml": ("Resources: " + "[" * 200 + "]" * 200, "CP002"),
    "deep.json": ('{"pipeline": {"name": "x", "stages": ' + "[" * 600 + "]" * 600 + "}}", "CP002"),
    "list.json": ('[{"a": 1}, {"b": 2}, 3]', "CI001"),
    "bomb.yaml": ("Resources: &r [*r]\n", "CP006"),
    "laughs.yaml": (
        "a: &a [x, x]\n"
        + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(24)),
        "CP006",
    ),
}


def test_what_is_no_pipeline_is_refused_with_a_reason(project):
    said = {}
    for name, (text, _) in REFUSED.items():
        said[name] = [error.id for error in project.report(text, name).errors]

    assert said == {name: [kind] for name, (_, kind) in REFUSED.items()}


def test_what_boto3_returns_and_what_create_pipeline_takes_is_read(project):
    declared = api_form(project.pipeline(template(name="web")))
    data = {"pipeline": declared, "tags": [{"key": "team", "value": "web"}], "ResponseMetadata": {}}

    [written] = project.report(json.dumps(data), "web.json").pipelines

    assert read_pipeline(written.file).airflow.tags == ("team=web",)


def test_a_file_that_is_not_there_is_refused(project):
    [error] = project.run(project.folder / "nothing.yaml").errors

    assert error.id == "CP001"
