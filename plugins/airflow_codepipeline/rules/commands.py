"""Rule/AWS/Commands/1: shell commands that all exit with 0 (CodePipeline user guide, Commands rule)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.actions.codebuild import CodeBuild
from airflow_codepipeline.actions.commands_build import start_commands

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import Aws, Job


class CommandsRule(CodeBuild):
    """Runs the rule's commands in a build of the pipeline's own project."""

    def __init__(self, *, on_failure: bool) -> None:
        del on_failure

    def start(self, aws: Aws) -> Job:
        """Start the build; a repeated start finds the same one."""
        return start_commands(aws)
