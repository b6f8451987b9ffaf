"""Damaged templates: a report, never a traceback, and nothing that cannot be read."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from airflow_codepipeline.definition.reader import examine
from airflow_codepipeline.definition.text import UnreadableError
from airflow_codepipeline.importing import source_text
from airflow_codepipeline.importing.imports import import_files
from unit.importing.conftest import template
from unit.importing.test_functions import BUCKET, PARAMETERS
from unit.importing.test_templates import BESIDE
from unit.importing.test_terraform import PIPELINE, state

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
EACH = 40
ODD = [
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    "x",
    "{{ x }}",
    "{% if %}",
    "${",
    "${A.B}",
    "\x00",
    "\ud800"[:0],
    "a\nb: *c",
    [],
    {},
    [[]],
    {"": ""},
    {"Ref": None},
    {"Ref": "AWS::NoValue"},
    {"Ref": "Web"},
    {"Ref": "Count"},
    {"Ref": "Zones"},
    {"Fn::GetAtt": []},
    {"Fn::GetAtt": "Web"},
    {"Fn::If": ["IsMain"]},
    {"Fn::If": [[], 1, 2]},
    {"Fn::Join": [1, 2]},
    {"Fn::Select": ["a", "b"]},
    {"Fn::Sub": ["${X}", {"X": {"Ref": "Bucket"}}]},
    {"Fn::ForEach::X": ["X", ["a", 1, None], {"${X}": {"Ref": "X"}}]},
    {"Fn::ForEach::X": ["X"]},
    {"Fn::FindInMap": ["Stages", {"Ref": "AWS::Region"}, "Url"]},
    {"Fn::Split": ["", "a"]},
    {"Fn::Base64": {"Fn::GetAZs": ""}},
]


def places(value, found):
    """Every container and key below a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(items):
        found.append((value, key))
        if isinstance(item, dict | list):
            places(item, found)
    return found


def damaged(data, chance):
    data = json.loads(json.dumps(data))
    for _ in range(chance.randint(1, 4)):
        container, key = chance.choice(places(data, []))
        action = chance.randint(0, 3)
        if action == 0:
            del container[key]
        elif action == 1 and isinstance(container, dict):
            container[chance.choice(["Fn::If", "Ref", "name", "", "X" * 300])] = container.pop(key)
        else:
            container[key] = json.loads(json.dumps(chance.choice(ODD)))
        if not data:
            break
    return data


def is_reported(path, output):
    """Import a file; everything that was written must be readable."""
    report = import_files([path], output=output)
    json.dumps(report.as_data())
    for written in report.pipelines:
        assert examine(written.file).errors == (), path.read_text()
    return report


def bases():
    ours = {
        "template": template("!Ref Bucket", before=PARAMETERS, resources=BUCKET + BESIDE),
        "terraform": state(PIPELINE),
    }
    return ours | ({path.name: path.read_text() for path in sorted(CORPUS.glob("[0-9]*"))[::9]})


@pytest.mark.parametrize("name", bases())
def test_a_damaged_value_is_reported(name, tmp_path):
    chance = random.Random(name)
    try:
        data = source_text.load(bases()[name].encode()).data
    except UnreadableError:
        pytest.skip("not readable before it was damaged")
    for number in range(EACH):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(damaged(data, chance)))
        is_reported(path, tmp_path / str(number))


@pytest.mark.parametrize("name", bases())
def test_a_damaged_text_is_reported(name, tmp_path):
    chance = random.Random(name)
    text = bases()[name].encode()
    for number in range(EACH):
        start = chance.randrange(len(text))
        noise = bytes(chance.choices(b"{}[]:,&*!|>'\"%@`#\t\n -?\xff\x00aZ0$", k=chance.randint(0, 3)))
        path = tmp_path / f"{number}.yaml"
        path.write_bytes(text[:start] + noise + text[start + chance.randint(0, 6) :])
        is_reported(path, tmp_path / str(number))
