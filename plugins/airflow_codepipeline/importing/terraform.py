"""What `terraform show -json` prints of a plan or of the state.

Source: Terraform, "JSON Output Format"; AWS provider, resource `aws_codepipeline`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.importing.cloudformation.assumed import assumed_value
from airflow_codepipeline.importing.found import Found, FoundPipeline
from airflow_codepipeline.importing.names import pipeline_name
from airflow_codepipeline.importing.terraform_declaration import declaration
from airflow_codepipeline.importing.values import Mapping, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_codepipeline.importing.variables import Variables


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
    for address, declared in _pipelines(values.get("root_module") if isinstance(values, Mapping) else None):
        fill = _Unknowns(variables, address, name)
        values = fill.into(declared, unknown.get(address), "")
        found.pipelines.append(_found(values, address, file, name))
    return found


def _found(values: Mapping, address: str, file: str, name: str) -> FoundPipeline:
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
        problems=(called.problem,) if called.problem else (),
    )


def _pipelines(module: Any) -> Iterator[tuple[str, Mapping]]:
    """Yield the address and the values of each pipeline of a module and of those below it."""
    if not isinstance(module, Mapping):
        return
    for resource in _mappings(module.get("resources")):
        if resource.get("type") == "aws_codepipeline" and isinstance(resource.get("values"), Mapping):
            yield str(resource.get("address", resource.get("name", ""))), resource["values"]
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
    """Puts variables where a plan says that a value is only known after it is applied."""

    def __init__(self, variables: Variables, address: str, source: str) -> None:
        self._variables = variables
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

    def _variable(self, path: str) -> Any:
        attribute = path.rpartition(".")[2]
        label = f"{self._address.rpartition('.')[2]}_{_label(path)}"
        assumed = assumed_value(label, attribute=attribute, service="iam" if "role" in attribute else "aws")
        was = f"{self._address}: {path}, known after apply"
        return self._variables.unknown(label, was=was, assumed=assumed, source=self._source)


def _label(path: str) -> str:
    return "_".join(part.partition("[")[0] for part in path.split(".")[-2:])
