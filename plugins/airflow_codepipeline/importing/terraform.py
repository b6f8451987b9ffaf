"""What `terraform show -json` prints of a plan or of the state.

Source: Terraform, "JSON Output Format"; AWS provider, resource `aws_codepipeline`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.importing.cloudformation.assumed import assumed_value
from airflow_codepipeline.importing.found import Found, FoundPipeline
from airflow_codepipeline.importing.kinds import NOT_PLANNED, SECRET
from airflow_codepipeline.importing.names import pipeline_name
from airflow_codepipeline.importing.secret_values import secret_variables
from airflow_codepipeline.importing.terraform_declaration import WITH_PARTS, declaration
from airflow_codepipeline.importing.values import Mapping, Sequence, Text, placed_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from airflow_codepipeline.definition.findings import Problem
    from airflow_codepipeline.definition.text import Position
    from airflow_codepipeline.importing.variables import Variables


_LEFT_TO_AWS = ("run_order", "region")
"""What a plan knows after it is applied where nobody declares it: it is the default then."""


def is_terraform(data: Any) -> bool:
    """Tell whether the data of a file is a plan or a state."""
    return (
        isinstance(data, dict) and "format_version" in data and ("values" in data or "planned_values" in data)
    )


def read_terraform(data: Mapping, *, file: str, name: str, variables: Variables) -> Found:
    """Return the pipelines of a plan or a state.

    :param file: the file, as the caller named it.
    :param name: its last part.
    """
    found = Found()
    values = data.get("planned_values", data.get("values"))
    unknown = _unknown_by_address(data)
    for address, resource in _pipelines(values.get("root_module") if isinstance(values, Mapping) else None):
        unknowns = _Unknowns(variables, address, name, resource["values"].position)
        values = unknowns.into(resource["values"], unknown.get(address), "")
        hidden = _Hidden(secret_variables(variables, name))
        hidden.take_out(values, resource.get("sensitive_values"))
        found.pipelines.append(_found(values, address, file, name, (*unknowns.problems, *hidden.problems)))
    return found


def _found(values: Mapping, address: str, file: str, name: str, problems: Iterable[Problem]) -> FoundPipeline:
    called = pipeline_name(
        values.get("name"), resource=address.rpartition(".")[2], stem=name.partition(".")[0]
    )
    declared = declaration(values)
    declared["name"] = called.text
    return FoundPipeline(
        file=file,
        resource=address,
        name=called.text,
        derived=called.derived,
        declaration=declared,
        problems=(*problems, *((called.problem,) if called.problem else ())),
    )


def _pipelines(module: Any) -> Iterator[tuple[str, Mapping]]:
    """Yield the address and the resource of each pipeline of a module and of those below it."""
    if not isinstance(module, Mapping):
        return
    for resource in _mappings(module.get("resources")):
        if resource.get("type") == "aws_codepipeline" and isinstance(resource.get("values"), Mapping):
            yield str(resource.get("address", resource.get("name", ""))), resource
    for child in _mappings(module.get("child_modules")):
        yield from _pipelines(child)


def _mappings(value: Any) -> Iterator[Mapping]:
    yield from (item for item in value or () if isinstance(item, Mapping)) if isinstance(value, list) else ()


def _unknown_by_address(data: Mapping) -> dict[str, Any]:
    """Return what a plan says is only known after it is applied, by address."""
    return {
        str(change.get("address")): change["change"].get("after_unknown")
        for change in _mappings(data.get("resource_changes"))
        if isinstance(change.get("change"), Mapping)
    }


class _Unknowns:
    """Puts variables where a plan says that a value is only known after it is applied.

    :param position: of the resource.
    """

    def __init__(self, variables: Variables, address: str, source: str, position: Position | None) -> None:
        self.problems: list[Problem] = []
        self._variables = variables
        self._position = position
        self._address = address
        self._source = source

    def into(self, values: Any, unknown: Any, path: str) -> Any:
        """Return values with the variables among them; `unknown` has the same form, and true where."""
        if unknown is True:
            return self._variable(path)
        if isinstance(unknown, Mapping) and isinstance(values, Mapping | None):
            made = Mapping(values.position if values is not None else None)
            made.update(values or {})
            for key, below in unknown.items():
                if below is True and key in _LEFT_TO_AWS and path.startswith("stage"):
                    continue
                if below is True or isinstance(below, dict | list):
                    made[key] = self.into(made.get(key), below, f"{path}.{key}" if path else key)
            return made
        if isinstance(unknown, Sequence) and isinstance(values, Sequence):
            items = Sequence(values.position)
            for index, item in enumerate(values):
                below = unknown[index] if index < len(unknown) else None
                items.add(self.into(item, below, f"{path}[{index}]"), values.place(index))
            return items
        return values

    def _refuse(self, path: str) -> None:
        message = f"{self._address}: '{path}' as a whole is only known after the plan is applied."
        self.problems.append(
            NOT_PLANNED.problem(message, suggestion=NOT_PLANNED.right, position=self._position)
        )

    def _variable(self, path: str) -> Any:
        attribute = path.rpartition(".")[2]
        if attribute in WITH_PARTS and path != "tags":
            self._refuse(path)
            return None
        label = f"{self._address.rpartition('.')[2]}_{_label(path)}"
        assumed = assumed_value(label, attribute=attribute, service="iam" if "role" in attribute else "aws")
        was = f"{self._address}: {path}, known after apply"
        return self._variables.unknown(label, was=was, assumed=assumed, source=self._source)


class _Hidden:
    """Takes out the values of configurations that Terraform calls sensitive.

    :param replacement: makes the variable of a secret, of words that say which one it is.
    """

    def __init__(self, replacement: Callable[[str], str]) -> None:
        self.problems: list[Problem] = []
        self._replacement = replacement

    def take_out(self, values: Any, sensitive: Any) -> None:
        """Put variables in their places; `sensitive` has the form of the values, and true where."""
        if not isinstance(values, Mapping | Sequence):
            return
        for key, item, position in placed_items(values):
            marked = sensitive if sensitive is True else _at(sensitive, key)
            if key == "configuration" and isinstance(values, Mapping) and isinstance(item, Mapping):
                self._configuration(item, marked, str(values.get("name", "")), position)
            else:
                self.take_out(item, marked)

    def _configuration(self, values: Mapping, sensitive: Any, owner: str, position: Position | None) -> None:
        for key, value in values.items():
            if sensitive is not True and _at(sensitive, key) is not True:
                continue
            if isinstance(value, str) and not isinstance(value, Text):
                message = f"Terraform calls '{key}' sensitive: a variable stands in its place."
                place = values.place(key) or position
                self.problems.append(SECRET.problem(message, suggestion=SECRET.right, position=place))
                values[key] = self._replacement(f"{owner} {key}")


def _at(marks: Any, key: str | int) -> Any:
    try:
        return marks[key]
    except (KeyError, IndexError, TypeError):
        return None


def _label(path: str) -> str:
    return "_".join(part.partition("[")[0] for part in path.split(".")[-2:])
