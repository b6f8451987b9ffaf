from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

from airflow_codepipeline.definition.reader import examine, read_pipeline
from airflow_codepipeline.errors import DefinitionError

DEFINITIONS = Path(__file__).parents[2] / "data" / "definitions" / "pipelines"


def ids(examined):
    return [finding.id for finding in examined.findings]


def test_a_good_json_file_becomes_its_pipeline():
    pipeline = read_pipeline(DEFINITIONS / "web-shop.json")

    assert [stage.name for stage in pipeline.stages] == ["Source", "Build", "Deploy"]
    assert pipeline.stages[1].actions[0].configuration["ProjectName"] == "web-shop"
    assert pipeline.stages[2].actions[1].airflow.retry_delay == 30
    assert pipeline.airflow.start_date.isoformat() == "2026-01-01"


def test_the_same_pipeline_reads_the_same_from_json_and_yaml_bare_or_in_its_envelope(tmp_path):
    whole = json.loads((DEFINITIONS / "web-shop.json").read_text())
    expected = read_pipeline(DEFINITIONS / "web-shop.json")

    for number, content in enumerate((whole, whole["pipeline"])):
        for suffix, text in (
            ("json", json.dumps(content)),
            ("yaml", yaml.safe_dump(content)),
            ("yml", json.dumps(content)),
        ):
            file = tmp_path / str(number) / suffix / f"web-shop.{suffix}"
            file.parent.mkdir(parents=True)
            file.write_text(text)
            assert read_pipeline(file) == expected, file.name


def test_numbers_and_booleans_are_taken_where_cloudformation_takes_them(tmp_path):
    shutil.copytree(DEFINITIONS.parent, tmp_path / "include")

    pipeline = read_pipeline(tmp_path / "include" / "pipelines" / "nightly.yaml")

    code, sales, stock = (action for stage in pipeline.stages for action in stage.actions)
    assert code.action_type_id.version == "1"
    assert code.configuration["PollForSourceChanges"] == "false"
    assert (sales.run_order, stock.run_order) == (1, 2)


def test_every_error_is_raised_at_once_and_no_warning(web_shop, tmp_path):
    del web_shop["roleArn"], web_shop["artifactStore"]
    web_shop["stages"][1]["name"] = "Source"
    path = tmp_path / "web-shop.json"
    path.write_text(json.dumps(web_shop))

    with pytest.raises(DefinitionError) as raised:
        read_pipeline(path)

    assert [finding.id for finding in raised.value.findings] == ["CP210", "CP207"]
    assert f"{path}:1:" in str(raised.value)


def test_without_checks_only_the_form_is_looked_at(web_shop, tmp_path):
    del web_shop["artifactStore"]
    path = tmp_path / "web-shop.json"
    path.write_text(json.dumps(web_shop))

    assert read_pipeline(path, check=False).artifact_store is None


def test_a_file_named_otherwise_says_what_to_rename(web_shop, examined):
    [finding] = examined(web_shop, "shop.json").findings

    assert finding.id == "CP014"
    assert "'web-shop.json'" in finding.suggestion


def test_of_two_files_of_one_pipeline_the_one_that_is_not_taken_says_so(web_shop, examined, tmp_path):
    assert examined(web_shop, "web-shop.json").findings == ()
    (tmp_path / "web-shop.yaml").write_text(json.dumps(web_shop))

    [finding] = examined(web_shop, "web-shop.json").findings

    assert (finding.id, finding.path) == ("CP015", "name")
    assert "'web-shop.yaml' declares the pipeline too" in finding.message
    assert examine(tmp_path / "web-shop.yaml").findings == ()


def test_a_finding_names_file_line_and_column(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text("name: tiny\nstages:\n  - name: Source\n    actionz: []\n")

    found = {finding.id: finding for finding in examine(path).findings}

    assert (found["CP102"].line, found["CP102"].column) == (4, 14)
    assert str(found["CP102"]) == (
        f"{path}:4:14: error CP102 at stages[0].actionz: Unknown key 'actionz'. Did you mean 'actions'?"
    )


def test_all_errors_of_form_are_found_at_once(web_shop, examined):
    web_shop["stages"][0]["actions"][0]["runOrdr"] = 1
    web_shop["stages"][1]["actions"] = {"name": "Build"}
    web_shop["stages"][2]["actions"][0]["timeoutInMinutes"] = "soon"
    web_shop["executionMode"] = "PARALEL"
    del web_shop["stages"][2]["actions"][1]["actionTypeId"]["category"]
    web_shop["airflow"]["retires"] = 3

    found = examined(web_shop)

    assert found.pipeline is None
    assert {(finding.id, finding.path) for finding in found.findings} == {
        ("CP102", "stages[0].actions[0].runOrdr"),
        ("CP101", "stages[1].actions"),
        ("CP101", "stages[2].actions[0].timeoutInMinutes"),
        ("CP104", "executionMode"),
        ("CP103", "stages[2].actions[1].actionTypeId"),
        ("CP102", "airflow.retires"),
    }


def test_after_an_unknown_key_the_checks_still_run(web_shop, examined):
    web_shop["stages"][1]["actions"][0]["inputArtefacts"] = web_shop["stages"][1]["actions"][0].pop(
        "inputArtifacts"
    )
    del web_shop["artifactStore"]

    assert sorted(ids(examined(web_shop))) == ["CP102", "CP210"]


def test_a_key_beside_the_envelope_is_found(web_shop, examined):
    assert ids(examined({"pipeline": web_shop, "Metadata": {}})) == ["CP102"]


@pytest.mark.parametrize(
    ("name", "content", "identifier"),
    [
        ("x.json", "", "CP004"),
        ("x.yaml", "", "CP007"),
        ("x.yaml", "# only a comment\n", "CP007"),
        ("x.yaml", "- a\n- b\n", "CP007"),
        ("x.json", "[1]", "CP007"),
        ("x.json", "null", "CP007"),
        ("x.json", '{"pipeline": 3}', "CP101"),
        ("x.yaml", "pipeline:\n", "CP101"),
        ("x.json", b'\xff\xfe{"a": 1}', "CP003"),
        ("x.yaml", b"name: caf\xe9\n", "CP003"),
        ("x.yaml", "name: \x07\n", "CP003"),
        ("x.json", '{"name": "\\ud800"}', "CP003"),
        ("x.json", '{"name": NaN}', "CP004"),
        ("x.json", '{"name": -Infinity}', "CP004"),
        ("x.json", '{"name": "x",}', "CP004"),
        ("x.json", '{"version": ' + "9" * 5000 + "}", "CP004"),
        ("x.yaml", "name: [\n", "CP004"),
        ("x.yaml", "name: !Ref Name\n", "CP004"),
        ("x.yaml", "name: x\n---\nname: y\n", "CP004"),
        ("x.yaml", "start: 2024-99-99\n", "CP004"),
        ("x.yaml", "? {a: b}\n: c\n", "CP004"),
        ("x.json", "[" * 100_000, "CP002"),
        ("x.json", '{"a":' * 100_000, "CP002"),
        ("x.yaml", "[" * 100_000, "CP002"),
        ("x.yaml", "{a: " * 100_000, "CP002"),
        ("x.yaml", "- " * 100_000, "CP002"),
        ("x.yaml", "? " * 100_000, "CP002"),
        ("x.yaml", " " * 5_000_000, "CP002"),
        ("x.yaml", "Resources: {}\n", "CP007"),
        ("x.yaml", "a: &a [*a]\n", "CP006"),
    ],
)
def test_a_file_without_data_gives_one_finding_and_no_traceback(name, content, identifier, examined):
    found = examined(content, name)

    assert found.pipeline is None
    assert identifier in ids(found)
    assert all(finding.severity == "error" for finding in found.findings)


def test_aliases_that_expand_without_bounds_are_refused(examined):
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12)]

    assert ids(examined("l0: &l0 [x]\n" + "\n".join(levels), "x.yaml")) == ["CP006"]


def test_merge_keys_that_expand_without_bounds_are_refused(examined):
    levels = [f"l{n}: &l{n}\n  <<: [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 12)]

    assert ids(examined("l0: &l0 {x: y}\n" + "\n".join(levels), "x.yaml")) == ["CP006"]


def test_modest_aliases_and_merge_keys_are_welcome(examined):
    text = """
name: x
artifactStore: {location: bucket}
roleArn: arn:aws:iam::123456789012:role/x
stages:
  - name: Source
    actions:
      - name: Code
        actionTypeId: &s3 {category: Source, owner: AWS, provider: S3, version: "1"}
        configuration: {S3Bucket: b, S3ObjectKey: k}
        outputArtifacts: &code [{name: Code}]
  - name: Deploy
    actions:
      - name: Publish
        actionTypeId: {<<: *s3, category: Deploy}
        configuration: {BucketName: b, Extract: true}
        inputArtifacts: *code
"""
    found = examined(text, "x.yaml")

    assert found.findings == ()
    assert found.pipeline.stages[1].actions[0].action_type_id.category == "Deploy"


@pytest.mark.parametrize(
    ("name", "content", "places"),
    [
        ("x.json", '{\n "name": "x",\n "stages": [{"a": 1,\n "a": 2}],\n "name": "y"}', [(4, 2), (5, 2)]),
        ("x.yaml", "name: x\nstages:\n  - a: 1\n    a: 2\nname: y\n", [(4, 5), (5, 1)]),
    ],
)
def test_every_duplicate_key_is_found_with_both_lines(name, content, places, examined):
    found = [finding for finding in examined(content, name).findings if finding.id == "CP005"]

    assert [(finding.line, finding.column) for finding in found] == places
    assert "line 3 already" in found[0].message
    assert found[0].path == "stages[0].a"


def test_a_duplicate_key_is_an_error_although_json_could_be_read(web_shop, tmp_path):
    path = tmp_path / "web-shop.json"
    path.write_text(json.dumps({"pipeline": web_shop}).replace('"version": 3', '"version": 3, "version": 4'))

    with pytest.raises(DefinitionError) as raised:
        read_pipeline(path)

    assert [(finding.id, finding.path) for finding in raised.value.findings] == [("CP005", "version")]


@pytest.mark.parametrize("written", ["012345670123", "012345678901", "12:30:45", "1_000", "0x1F", "1e400"])
def test_a_number_that_is_not_what_it_looks_like_is_explained(written, examined):
    text = f"name: x\nairflow: {{owner: {written}}}\nstages: []\n"

    found = [finding for finding in examined(text, "x.yaml").findings if finding.id == "CP105"]

    if written in ("012345678901", "1e400"):  # YAML 1.1 takes these for texts
        assert found == []
    else:
        assert [(finding.line, finding.path) for finding in found] == [(2, "airflow.owner")]
        assert f"'{written}'" in found[0].suggestion


def test_a_number_in_place_of_a_text_keeps_its_digits(examined):
    text = (
        "name: x\nstages: []\nartifactStore: {location: bucket}\n"
        "variables: [{name: A, defaultValue: 1.10}, {name: B, defaultValue: 2026-01-31}]\n"
    )

    found = examined(text, "x.yaml")

    assert [variable.default_value for variable in found.pipeline.variables] == ["1.10", "2026-01-31"]


def test_a_file_that_is_no_definition_is_refused(tmp_path):
    assert ids(examine(tmp_path / "x.txt")) == ["CP001"]
    assert ids(examine(tmp_path / "missing.json")) == ["CP001"]
    assert ids(examine(tmp_path.with_suffix(".json"))) == ["CP001"]


def test_a_byte_order_mark_is_no_part_of_the_text(web_shop, examined):
    content = b"\xef\xbb\xbf" + json.dumps(web_shop).encode()

    assert examined(content).findings == ()


def test_a_value_in_a_message_is_printable_and_short(web_shop, examined):
    web_shop["stages"][0]["name"] = "\x1b[2J\n" + "x" * 500

    [finding] = [finding for finding in examined(web_shop).findings if finding.id == "CP220"]

    assert finding.message.isprintable()
    assert len(finding.message) < 120
