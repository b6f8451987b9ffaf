"""Pipelines of real projects, and good pipelines damaged at random: findings, never a traceback."""

from __future__ import annotations

import contextlib
import csv
import json
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_codepipeline.cli.render import mermaid_lines, tree_lines
from airflow_codepipeline.definition.reader import examine, read_pipeline
from airflow_codepipeline.errors import DefinitionError

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
GOOD = ROOT / "tests" / "data" / "definitions" / "pipelines" / "web-shop.json"


def printed_definitions() -> list[str]:
    index = CORPUS / "index.tsv"
    if not index.exists():
        return []
    with index.open(newline="") as rows:
        return [
            row["file"]
            for row in csv.DictReader(rows, delimiter="\t")
            if row["format"] == "get-pipeline-json" and row["file"]
        ]


@pytest.mark.needs_shared
@pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus is not beside the repository")
def test_the_corpus_has_definitions():
    assert printed_definitions()


@pytest.mark.needs_shared
@pytest.mark.parametrize("name", printed_definitions())
def test_what_get_pipeline_printed_is_read_and_rendered(name, tmp_path):
    declared = json.loads((CORPUS / name).read_text())
    path = tmp_path / f"{declared.get('pipeline', declared)['name']}.json"
    shutil.copyfile(CORPUS / name, path)

    found = examine(path)

    assert found.pipeline is not None
    assert not {finding.id for finding in found.findings if finding.id < "CP200"}
    assert len(list(tree_lines(found.pipeline))) > len(found.pipeline.stages)
    assert next(iter(mermaid_lines(found.pipeline))) == "flowchart LR"


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20), st.dates()
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def replaced(value, path, new):
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@st.composite
def damaged(draw):
    value = json.loads(GOOD.read_text())
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(value))))
        value = replaced(value, path, draw(anything))
    return value


def assert_read_or_refused(path: Path) -> None:
    with contextlib.suppress(DefinitionError):
        read_pipeline(path)
    examined = examine(path)
    assert examined.pipeline is not None or examined.errors
    for finding in examined.findings:
        assert str(finding).encode()
    if examined.pipeline is not None:
        assert list(tree_lines(examined.pipeline))
        assert list(mermaid_lines(examined.pipeline))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=damaged())
def test_a_definition_that_is_damaged_in_its_data_is_read_or_refused(value, tmp_path):
    as_json, as_yaml = tmp_path / "web-shop.json", tmp_path / "web-shop.yaml"
    as_json.write_text(json.dumps(value, default=str))
    as_yaml.write_text(yaml.safe_dump(value))

    assert_read_or_refused(as_json)
    assert_read_or_refused(as_yaml)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_definition_that_is_damaged_in_its_text_is_read_or_refused(data, tmp_path):
    content = GOOD.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 40)))
    content = (
        content[:start] + data.draw(st.binary(max_size=8) | st.just(b"{{ ") | st.just(b"*a")) + content[end:]
    )

    for name in ("web-shop.json", "web-shop.yaml"):
        (tmp_path / name).write_bytes(content)
        assert_read_or_refused(tmp_path / name)
