"""Rule/AWS/CodeBuild/1: a build that succeeds (CodePipeline user guide, CodeBuild rule)."""

from __future__ import annotations

from airflow_codepipeline.actions.codebuild import CodeBuild


class CodeBuildRule(CodeBuild):
    """Runs a build of a project, as the action does."""

    def __init__(self, *, on_failure: bool) -> None:
        del on_failure
