"""cfn-lint as a second opinion: on the values of real templates, and on what is wrong with them."""

from __future__ import annotations

import json

import pytest
import typer

from airflow_codepipeline.definition.text import UnreadableError
from airflow_codepipeline.importing import source_text
from airflow_codepipeline.importing.cloudformation.resolver import Resolver
from airflow_codepipeline.importing.cloudformation.stack import Given
from airflow_codepipeline.importing.cloudformation.template import is_template, read_template
from airflow_codepipeline.importing.values import Text, scalar_text
from airflow_codepipeline.importing.variables import Variables
from corpus.refused import REFUSED
from corpus.test_corpus import CORPUS, rows

PIPELINE = "AWS::CodePipeline::Pipeline"
REGION = "us-east-1"

pytestmark = [
    pytest.mark.needs_shared,
    pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus is not beside the repository"),
]

DISAGREEMENTS = {
    # cfn-lint alone complains.
    "023-aws-cdk-integ.newpipeline.expected.json": (
        "cfn-lint passes on its advice to write Fn::Sub for Fn::Join as an error of the action's RoleArn"
    ),
    # We alone complain.
    "115-devopspro-prep-pipeline.yml": "CP301: cfn-lint takes any provider, also the misspelled CodeComit",
}


def templates():
    """The data of every file that is one template."""
    for row in rows():
        try:
            data = source_text.load((CORPUS / row["file"]).read_bytes()).data
        except UnreadableError:
            continue
        if is_template(data):
            yield row["file"], data


def functions(value):
    if isinstance(value, dict):
        name = next(iter(value), "")
        if len(value) == 1 and (name == "Ref" or name.startswith("Fn::")):
            yield value
        else:
            for item in value.values():
                yield from functions(item)
    elif isinstance(value, list):
        for item in value:
            yield from functions(item)


def pipelines(data):
    for name, resource in data["Resources"].items():
        if isinstance(resource, dict) and resource.get("Type") == PIPELINE:
            yield name, resource


def second_opinion(data, path):
    """The one value that cfn-lint's template engine gives a function; none where it gives none or several."""
    from cfnlint.context import create_context_for_template
    from cfnlint.decode import decode
    from cfnlint.jsonschema import CfnTemplateValidator
    from cfnlint.template import Template

    decoded, _ = decode(str(path))
    template = Template(str(path), decoded, [REGION])
    validator = CfnTemplateValidator(schema={}, context=create_context_for_template(template), cfn=template)
    for name, resource in pipelines(decoded):
        for theirs, ours in zip(
            functions(resource.get("Properties")),
            functions(data["Resources"][name].get("Properties")),
            strict=True,
        ):
            values = [value for value, _, error in validator.resolve_value(theirs) if error is None]
            yield ours, values[0] if len(values) == 1 else None


def plain(value):
    """A value as CloudFormation would compare it: every scalar is a text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return scalar_text(value)


def test_values_that_both_know_are_the_same(tmp_path, capsys):
    same = 0
    for file, data in templates():
        path = tmp_path / "template.json"
        path.write_text(json.dumps(data))
        given = Given(parameters={"AWS::Region": REGION})
        resolver = Resolver(read_template(data, file), given, Variables({}))
        for function, theirs in second_opinion(data, path):
            ours = resolver.resolve(function, None)
            if theirs is not None and isinstance(ours, str) and not isinstance(ours, Text):
                assert plain(ours) == plain(theirs), (file, function)
                same += 1

    with capsys.disabled():
        typer.echo(f"\ncfn-lint: {same} values of functions are the same")
    assert same > 200


@pytest.fixture(scope="module")
def linter():
    from cfnlint.config import ConfigMixIn
    from cfnlint.runner import Runner

    return Runner(ConfigMixIn(regions=[REGION]))


def complaints(data, linter):
    """The rules that cfn-lint sees broken in the pipelines; what is not of pipelines is left out."""
    from cfnlint.decode import decode_str

    bare = json.loads(json.dumps(data))
    for resource in bare["Resources"].values():
        if isinstance(resource, dict) and resource.get("Type") != PIPELINE:
            for key in set(resource) - {"Type", "Condition"}:
                del resource[key]
    for section in ("Outputs", "Rules", "Metadata"):
        bare.pop(section, None)
    inside = tuple(f"Resources/{name}/Properties" for name, _ in pipelines(bare))
    decoded, _ = decode_str(json.dumps(bare))
    matches = linter.validate_template(decoded)
    return {
        match.rule.id
        for match in matches
        if match.rule.id.startswith("E") and getattr(match, "path_string", "").startswith(inside)
    }


def test_what_is_wrong_with_a_pipeline_is_wrong_for_both(linter):
    """Every difference stands in the table above, with its reason."""
    differences = {file for file, data in templates() if bool(complaints(data, linter)) != (file in REFUSED)}

    assert differences == set(DISAGREEMENTS)
