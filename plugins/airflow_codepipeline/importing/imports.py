"""One import: files or an account in, definitions and variables out, and a report."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.findings import shown
from airflow_codepipeline.definition.text import UnreadableError
from airflow_codepipeline.importing.account import read_account, read_deployed
from airflow_codepipeline.importing.cloudformation.stack import Given
from airflow_codepipeline.importing.definitions import Definition, Refused, define
from airflow_codepipeline.importing.fitting import renamed, unknowns_by_name
from airflow_codepipeline.importing.kinds import CANNOT_WRITE, KEPT
from airflow_codepipeline.importing.reading import read_files
from airflow_codepipeline.importing.secret_values import Secrets, custom_secret_keys, secret_variables
from airflow_codepipeline.importing.values import unknowns_in
from airflow_codepipeline.importing.variables import Variables, origin
from airflow_codepipeline.importing.variables_file import existing_variables, extended
from airflow_codepipeline.importing.writer import Writer, made_comment, name_is_taken
from airflow_codepipeline.importing.yaml_form import definition_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow_codepipeline.definition.findings import Finding, Problem
    from airflow_codepipeline.importing.found import Found, FoundPipeline, SideFile
    from airflow_codepipeline.importing.values import Unknown


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A pipeline that was written.

    :param file: the definition.
    :param unresolved: the variables that stand for what only a deployed stack knows.
    """

    name: str
    file: Path
    unresolved: tuple[Unknown, ...]
    findings: tuple[Finding, ...]


@dataclass(kw_only=True, slots=True)
class Report:
    """What an import did.

    :param notes: what is worth saying of files, not of one pipeline.
    """

    pipelines: list[Written] = field(default_factory=list)
    side_files: list[Path] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        """Return the report as design.md, section 9, has it."""
        return {
            "pipelines": [
                {
                    "name": written.name,
                    "file": str(written.file),
                    "unresolved": [_unresolved(piece) for piece in written.unresolved],
                    "findings": [asdict(finding) for finding in written.findings],
                }
                for written in self.pipelines
            ],
            "errors": [asdict(finding) for finding in self.errors],
        }


def _unresolved(piece: Unknown) -> dict[str, str]:
    return {"variable": piece.name, "was": origin(piece.was, piece.source), "value": piece.assumed}


def import_files(
    paths: Sequence[Path],
    *,
    output: Path,
    environment: str = "local",
    given: dict[str, str] | None = None,
    stack: dict[str, Any] | None = None,
) -> Report:
    """Import files and `cdk.out` folders. What is wrong is in the report; nothing is raised.

    :param output: gets `pipelines/<name>.yaml` and `variables/<environment>.yaml`.
    :param given: values for the parameters of templates.
    :param stack: the stack that was deployed from the file, as `read_deployed` takes it; without a file, its
        own template is imported.
    """

    def read(variables: Variables) -> Found:
        if stack is not None:
            return read_deployed(stack, paths, given=given or {}, variables=variables)
        return read_files(paths, given=Given(parameters=given or {}), variables=variables)

    return _import(read, output, environment)


def import_account(account: dict[str, Any], *, output: Path, environment: str = "local") -> Report:
    """Import pipelines that were fetched from an AWS account, as `read_account` takes them."""
    return _import(lambda _variables: read_account(account), output, environment)


def _import(read: Callable[[Variables], Found], output: Path, environment: str) -> Report:
    report = Report()
    values_path = output / "variables" / f"{environment}.yaml"
    try:
        existing = existing_variables(values_path)
    except UnreadableError as error:
        report.errors += _placed(str(values_path), error.problems)
        return report
    variables = Variables(existing)
    found = read(variables)
    report.errors += dict.fromkeys(found.errors)
    report.notes += dict.fromkeys(found.notes)
    _Import(report, Writer(output), variables, existing, values_path).write(found)
    return report


class _Import:
    """Writes what was found, one definition after the other."""

    def __init__(
        self,
        report: Report,
        writer: Writer,
        variables: Variables,
        existing: dict[str, str],
        values_path: Path,
    ) -> None:
        self._report = report
        self._writer = writer
        self._variables = variables
        self._existing = existing
        self._values_path = values_path
        self._names: dict[tuple[str, str], str] = {}
        self._unknowns: dict[str, Unknown] = {}
        self._region = ""

    def write(self, found: Found) -> None:
        """Write everything, the variables first: a definition without them could not be read."""
        secret_keys = custom_secret_keys(
            side.data for side in found.side_files if side.folder == "custom_action_types"
        )
        definitions = [
            self._with_own_region(definition)
            for pipeline in found.pipelines
            if (definition := self._defined(pipeline, secret_keys)) is not None
        ]
        side_files = [side for side in found.side_files if self._belongs(side)]
        for side in side_files:
            self._without_secrets(side)
        if not self._write_variables(definitions, side_files):
            return
        for definition in definitions:
            self._write_definition(definition)
        for side in side_files:
            self._write_side_file(side)

    def _defined(self, found: FoundPipeline, secret_keys: frozenset[str]) -> Definition | None:
        secrets = Secrets(secret_variables(self._variables, Path(found.file).name), secret_keys)
        secrets.take_out(found.declaration.get("stages"))
        secrets.take_out(found.declaration.get("variables"))
        found = replace(found, problems=(*found.problems, *secrets.problems))
        result = define(found)
        if isinstance(result, Refused):
            self._report.errors += [item for item in result.findings if item.severity == "error"]
            return None
        name = self._writer.free_name(result.found)
        if name is None:
            self._report.errors += _placed(found.file, [name_is_taken(found)])
            return None
        result.data["name"] = name
        self._names[found.file, found.name] = name
        return replace(result, found=replace(found, name=name))

    def _with_own_region(self, definition: Definition) -> Definition:
        """Return a definition with a region of its own, where that of the others would be wrong for it."""
        piece = next((piece for piece in definition.unknowns.values() if piece.was == "AWS::Region"), None)
        if piece is None or piece.known is not None:
            return definition
        self._region = self._region or piece.assumed
        if piece.assumed == self._region:
            return definition
        source = Path(definition.found.file).name
        own = self._variables.unknown("region", was=piece.was, assumed=piece.assumed, source=source)
        data = renamed(definition.data, piece.name, own.unknowns[0])
        return replace(definition, data=data, unknowns=unknowns_by_name(data))

    def _belongs(self, side: SideFile) -> bool:
        """Tell whether a request is wanted, and let it name its pipeline as that is called now."""
        request = side.data.get("webhook", side.data)
        for key in ("pipelineName", "targetPipeline"):
            if key in request:
                request[key] = self._names.get((side.file, str(request[key])), request[key])
        return side.folder != "disabled_transitions" or side.data["pipelineName"] in self._names.values()

    def _without_secrets(self, side: SideFile) -> None:
        secrets = Secrets(secret_variables(self._variables, Path(side.file).name))
        secrets.take_out(side.data.get("webhook"), side.stem)
        self._report.notes += _placed(side.file, secrets.problems)

    def _write_variables(self, definitions: list[Definition], sides: list[SideFile]) -> bool:
        pieces = [piece for definition in definitions for piece in definition.unknowns.values()]
        pieces += [piece for side in sides for piece in unknowns_in(side.data)]
        for piece in pieces:
            other = self._unknowns.get(piece.name)
            if other is None or self._says_more(piece, other):
                self._unknowns[piece.name] = piece
        try:
            file = extended(self._values_path, self._unknowns.values(), self._existing)
            if file.text is not None:
                self._writer.variables(self._values_path, file.text)
        except OSError as error:
            self._fail(str(self._values_path), error)
            return False
        self._report.notes += _placed(str(self._values_path), [_kept(piece) for piece in file.kept])
        return True

    def _says_more(self, piece: Unknown, other: Unknown) -> bool:
        """Tell which of two uses of a variable decides what it is.

        Where it is a secret in one place, it is one in all. Where one pipeline needs a value of a certain
        form, that form is good for the others too.
        """
        if piece.secret != other.secret:
            return piece.secret
        return not self._variables.is_first_guess(piece)

    def _write_definition(self, definition: Definition) -> None:
        found = definition.found
        text = definition_text(definition.data, comment=made_comment(found.file, found.resource))
        try:
            path = self._writer.definition(found.name, text)
        except OSError as error:
            self._fail(found.file, error)
            return
        pieces = (self._unknowns[name] for name in definition.unknowns)
        self._report.pipelines.append(
            Written(
                name=found.name,
                file=path,
                unresolved=tuple(piece for piece in pieces if piece.known is None),
                findings=definition.findings,
            )
        )

    def _write_side_file(self, side: SideFile) -> None:
        try:
            self._report.side_files.append(self._writer.side_file(side))
        except OSError as error:
            self._fail(side.file, error)

    def _fail(self, file: str, error: OSError) -> None:
        path = error.filename2 or error.filename or self._writer.output
        message = f"{path} cannot be written: {error.strerror}."
        self._report.errors += _placed(file, [CANNOT_WRITE.problem(message, suggestion=CANNOT_WRITE.right)])


def _kept(piece: Unknown) -> Problem:
    message = f"The stack's value of {piece.name} is {shown(piece.value)}; the file has another."
    return KEPT.problem(message, suggestion=KEPT.right)


def _placed(file: str, problems: Sequence[Problem]) -> list[Finding]:
    return [problem.finding(file=file, position=problem.position) for problem in problems]
