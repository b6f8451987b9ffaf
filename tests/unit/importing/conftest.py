from __future__ import annotations

import textwrap

import pytest

from airflow_codepipeline.definition.reader import read_pipeline
from airflow_codepipeline.importing.imports import import_files

PIPELINE = """\
Type: AWS::CodePipeline::Pipeline
Properties:
  RoleArn: arn:aws:iam::111122223333:role/pipeline
  ArtifactStore: {Type: S3, Location: artifacts}
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
          Configuration:
            CustomData: DATA
"""


def template(data="plain", *, before="", resources="", name=""):
    """A template whose approval asks with the value `data`."""
    pipeline = PIPELINE.replace("DATA", data)
    if name:
        pipeline = pipeline.replace("Properties:\n", f"Properties:\n  Name: {name}\n", 1)
    parts = [
        textwrap.dedent(before),
        "Resources:\n  Web:\n",
        textwrap.indent(pipeline, "    "),
        textwrap.indent(textwrap.dedent(resources), "  "),
    ]
    return "".join(parts)


class Project:
    """A folder that imports go to."""

    def __init__(self, folder):
        self.folder = folder
        self.output = folder / "include"

    def file(self, text, name="stack.yaml"):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *paths, **given):
        return import_files(paths, output=self.output, given=given)

    def report(self, text, name="stack.yaml", **given):
        return self.run(self.file(text, name), **given)

    def pipeline(self, text, name="stack.yaml", **given):
        report = self.report(text, name, **given)
        assert report.errors == []
        [written] = report.pipelines
        return read_pipeline(written.file)

    def value(self, data, **parts):
        """What the value `data` of a template was imported as, with the variables filled in."""
        given = parts.pop("given", {})
        pipeline = self.pipeline(template(data, **parts), **given)
        return pipeline.stages[1].actions[0].configuration.get("CustomData")

    def text(self, data, **parts):
        """The line that the value was written as."""
        self.value(data, **parts)
        [path] = (self.output / "pipelines").iterdir()
        [line] = [line for line in path.read_text().splitlines() if "CustomData:" in line]
        return line.partition("CustomData:")[2].strip()


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("CODEPIPELINE_ENVIRONMENT", raising=False)
    return Project(tmp_path)
