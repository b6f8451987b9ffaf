"""`codepipeline import`: foreign formats to definitions."""

from __future__ import annotations

import json
import re
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from airflow_codepipeline.definition.text import UnreadableError, read_bytes
from airflow_codepipeline.importing.imports import import_account, import_files
from airflow_codepipeline.importing.parameters_file import read_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.importing.imports import Report

_ENVIRONMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


class Format(Enum):
    """How the report is printed."""

    TEXT = "text"
    JSON = "json"


_Output = Annotated[
    Path,
    typer.Option(
        "--output", metavar="DIR", help="Gets pipelines/ and variables/: include/ of a project, say."
    ),
]
_Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILE...",
        help="CloudFormation templates, a cdk.out folder, get-pipeline's output; with --aws: names.",
        show_default=False,
    ),
]
_Aws = Annotated[bool, typer.Option("--aws", help="Import pipelines of an AWS account, by their names.")]
_All = Annotated[bool, typer.Option("--all", help="With --aws: every pipeline of the account and region.")]
_Stack = Annotated[
    str | None,
    typer.Option(
        "--stack", metavar="NAME", help="Take the values of a deployed stack; without FILE, its template too."
    ),
]
_Region = Annotated[str | None, typer.Option("--region", help="With --aws and --stack: the region.")]
_Profile = Annotated[str | None, typer.Option("--profile", help="With --aws and --stack: AWS's profile.")]
_Terraform = Annotated[
    list[Path] | None,
    typer.Option("--terraform", metavar="FILE", help="What terraform show -json prints."),
]
_Parameter = Annotated[
    list[str] | None,
    typer.Option("--parameter", metavar="K=V", help="A template's parameter; may be repeated."),
]
_ParametersFile = Annotated[
    list[Path] | None,
    typer.Option("--parameters-file", metavar="FILE", help="Parameters, as JSON or YAML."),
]
_Environment = Annotated[
    str, typer.Option("--environment", metavar="NAME", help="Which variables file is filled.")
]
_Format = Annotated[Format, typer.Option("--format", help="text for people, json for programs.")]


def import_definitions(
    output: _Output,
    files: _Files = None,
    terraform: _Terraform = None,
    aws: _Aws = False,
    every: _All = False,
    stack: _Stack = None,
    region: _Region = None,
    profile: _Profile = None,
    parameter: _Parameter = None,
    parameters_file: _ParametersFile = None,
    environment: _Environment = "local",
    output_format: _Format = Format.TEXT,
) -> None:
    """Make definitions of CloudFormation templates, CDK and get-pipeline's output, or an AWS account.

    Exit code 0: every pipeline that was found was written. 1: not all. 2: the command line is wrong.
    """
    if not _ENVIRONMENT.fullmatch(environment):
        raise typer.BadParameter("Use letters, digits, '.', '_' and '-'.", param_hint="--environment")
    given = _given(parameters_file or [], parameter or [])
    login = {"region": region, "profile": profile}
    paths = [*(files or ()), *(terraform or ())]
    if aws:
        _refuse(
            stack or terraform or given or every == bool(files), "--aws", "Name pipelines, or give --all."
        )
        account = _of_aws("account:read_pipelines")(map(str, paths), every=every, **login)
        report = import_account(account, output=output, environment=environment)
    else:
        _refuse(every, "--all", "It belongs to --aws.")
        _refuse(not paths and not stack, "FILE...", "Name at least one file.")
        _refuse(not stack and any(login.values()), "--region", "It belongs to --aws and --stack.")
        deployed = _stack(stack, paths, login) if stack else None
        report = import_files(paths, output=output, environment=environment, given=given, stack=deployed)
    _print(report, output_format)
    if report.errors:
        raise typer.Exit(1)


def _refuse(wrong: object, option: str, message: str) -> None:
    """Refuse a command line."""
    if wrong:
        raise typer.BadParameter(message, param_hint=option)


def _stack(name: str, paths: list[Path], login: dict[str, str | None]) -> dict[str, Any] | None:
    """Return what a deployed stack knows; without a file, its template too."""
    _refuse(len(paths) > 1 or any(path.is_dir() for path in paths), "--stack", "Name its own template alone.")
    try:
        template = read_bytes(paths[0]).decode(errors="replace") if paths else None
    except UnreadableError:
        return None  # the import says why
    deployed: dict[str, Any] = _of_aws("deployed_stack:read_stack")(name, template=template, **login)
    return deployed


def _of_aws(name: str) -> Any:
    """Return a function of the room that speaks to AWS, which is named by import string alone."""
    module, _, function = name.partition(":")
    return getattr(import_module(f"airflow_codepipeline.aws.{module}"), function)


def _given(files: list[Path], pairs: list[str]) -> dict[str, str]:
    """Return the parameters; one on the command line beats one in a file."""
    given: dict[str, str] = {}
    for path in files:
        try:
            given |= read_parameters(path)
        except UnreadableError as error:
            problem = error.problems[0]
            finding = problem.finding(file=str(path), position=problem.position)
            raise typer.BadParameter(str(finding), param_hint="--parameters-file") from error
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f"{pair} is not NAME=VALUE.", param_hint="--parameter")
        given[name] = value
    return given


def _print(report: Report, output_format: Format) -> None:
    if output_format is Format.JSON:
        typer.echo(json.dumps(report.as_data(), indent=2))
        for note in report.notes:
            typer.echo(str(note), err=True)
    else:
        typer.echo("\n".join(_lines(report)))


def _lines(report: Report) -> Iterator[str]:
    for written in report.pipelines:
        yield f"{written.name}: {written.file}"
        yield from (f"  {piece.name}: {piece.was}" for piece in written.unresolved)
    for path in report.side_files:
        yield f"also written: {path}"
    for written in report.pipelines:
        yield from map(str, written.findings)
    yield from map(str, (*report.notes, *report.errors))
    variables = {piece.name for written in report.pipelines for piece in written.unresolved}
    counts = {"pipeline": len(report.pipelines), "variable": len(variables), "error": len(report.errors)}
    yield ", ".join(f"{number} {noun}{'' if number == 1 else 's'}" for noun, number in counts.items()) + "."
