from __future__ import annotations

import pytest

from airflow_codepipeline.definition.reader import examine, read_pipeline
from airflow_codepipeline.definition.template import is_template, render
from airflow_codepipeline.definition.text import UnreadableError
from airflow_codepipeline.errors import DefinitionError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"name: {{ var.name }}", True),
        (b"name: {{- var.name -}}", True),
        (b"{% if var.x %}", True),
        (b"name: {{ 'x' }}", True),
        (b"name: plain", False),
        (b"secret: {{resolve:ssm:/x}}", False),
        (b"docker inspect --format '{{.Id}}'", False),
        (b"#{Code.CommitId}", False),
    ],
)
def test_only_what_looks_like_jinja2_is_a_template(text, expected):
    assert is_template(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "{{resolve:ssm:/x}} {{.Id}} {{ .Names }}",
        "#{Code.CommitId}",
        "{#{Code.CommitId}#}",
    ],
)
def test_what_belongs_to_others_stays_in_a_template_too(text):
    assert render("{{ var.a }}" + text, {"a": 1}, values_file="v.yaml") == "1" + text


def test_a_rendered_value_may_be_json():
    assert render("{{ var.a | tojson }}", {"a": {"b": [1]}}, values_file="v") == '{"b": [1]}'


def test_every_missing_variable_is_named_with_its_line_its_file_and_near_names():
    text = "a: {{ var.acount }}\nb: {{ var.network.vpcs }}\nc: {{ vars.x }}\nd: {{ var.e | default('') }}"

    with pytest.raises(UnreadableError) as raised:
        render(text, {"account": "1", "network": {"vpc": "v"}}, values_file="variables/dev.yaml")

    said = {problem.message: (problem.position[0], problem.suggestion) for problem in raised.value.problems}
    assert said == {
        "The variable 'var.acount' has no value.": (
            1,
            "It belongs in variables/dev.yaml. Did you mean 'account'?",
        ),
        "The variable 'var.network.vpcs' has no value.": (
            2,
            "It belongs in variables/dev.yaml. Did you mean 'vpc'?",
        ),
        "The variable 'vars' has no value.": (3, "Variables are read as `var.name`. Did you mean 'var'?"),
    }


@pytest.mark.parametrize(
    "text",
    [
        "{{ var.a",
        "{% for x in %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ 'x' * 10**9 }}",
        "{{ 10 ** 100 }}",
        "{% for x in range(10**8) %}x{% endfor %}",
        "{{ 1 / 0 }}",
        "{{ var.a.b.c }}",
        "{% include '/etc/passwd' %}",
        "{{ var.a }}" * 20_000,
        "{{ lipsum() }}",
        "{{ [1, 2] | random }}",
    ],
)
def test_what_a_template_may_not_do_is_a_problem_and_no_traceback(text):
    with pytest.raises(UnreadableError):
        render(text, {"a": 1}, values_file="v.yaml")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("CODEPIPELINE_ENVIRONMENT", raising=False)
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables" / "local.yaml").write_text("bucket: local-bucket\n")
    (tmp_path / "variables" / "prod.yaml").write_text("bucket: prod-bucket\n")
    (tmp_path / "pipelines" / "x.yaml").write_text(
        "name: x\nartifactStore: {location: '{{ var.bucket }}'}\nstages: []\n"
        "airflow: {owner: {{ environment }}}\n"
    )
    return tmp_path


def test_the_values_are_those_of_the_environment(project, monkeypatch):
    path = project / "pipelines" / "x.yaml"

    assert read_pipeline(path, check=False).artifact_store.location == "local-bucket"
    monkeypatch.setenv("CODEPIPELINE_ENVIRONMENT", "prod")
    assert read_pipeline(path, check=False).artifact_store.location == "prod-bucket"
    assert read_pipeline(path, check=False).airflow.owner == "prod"


def test_values_that_are_given_win_over_the_file(project):
    pipeline = read_pipeline(project / "pipelines" / "x.yaml", variables={"bucket": "given"}, check=False)

    assert pipeline.artifact_store.location == "given"


def test_a_changed_variables_file_is_read_again(project):
    path = project / "pipelines" / "x.yaml"
    read_pipeline(path, check=False)
    (project / "variables" / "local.yaml").write_text("bucket: another-bucket\n")

    assert read_pipeline(path, check=False).artifact_store.location == "another-bucket"


def test_a_missing_variable_names_the_variables_file(project):
    (project / "variables" / "local.yaml").write_text("buckets: x\n")

    [finding] = examine(project / "pipelines" / "x.yaml").findings

    assert (finding.id, finding.line) == ("CP011", 2)
    assert "variables/local.yaml" in finding.suggestion


@pytest.mark.parametrize("content", ["- a\n", "a: [\n", "1: x\n", "a: 1\na: 2\n"])
def test_a_variables_file_that_cannot_be_used_is_a_finding(content, project):
    (project / "variables" / "local.yaml").write_text(content)

    assert [finding.id for finding in examine(project / "pipelines" / "x.yaml").findings] == ["CP013"]


def test_an_environment_that_is_a_path_is_refused(project, monkeypatch):
    monkeypatch.setenv("CODEPIPELINE_ENVIRONMENT", "../secrets")

    with pytest.raises(DefinitionError, match="CP013"):
        read_pipeline(project / "pipelines" / "x.yaml")
