"""The CodePipeline resources of a template."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.findings import shown
from airflow_codepipeline.definition.suggest import did_you_mean
from airflow_codepipeline.importing.cloudformation.declaration import api_value, declaration
from airflow_codepipeline.importing.cloudformation.dynamic import looked_up
from airflow_codepipeline.importing.cloudformation.loops import unrolled_mapping
from airflow_codepipeline.importing.cloudformation.resolver import Resolver
from airflow_codepipeline.importing.cloudformation.template import as_mapping, read_template
from airflow_codepipeline.importing.found import Found, FoundPipeline
from airflow_codepipeline.importing.kinds import (
    MALFORMED,
    NOT_CREATED,
    PARAMETER,
    FaultError,
)
from airflow_codepipeline.importing.names import pipeline_name
from airflow_codepipeline.importing.request_files import custom_action_type, disabled_transition, webhook
from airflow_codepipeline.importing.values import Mapping, Text, scalar_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_codepipeline.definition.findings import Problem
    from airflow_codepipeline.definition.text import Position
    from airflow_codepipeline.importing.cloudformation.stack import Given
    from airflow_codepipeline.importing.cloudformation.template import Template
    from airflow_codepipeline.importing.variables import Variables


def read_resources(data: Mapping, *, file: str, name: str, given: Given, variables: Variables) -> Found:
    """Return the pipelines, custom action types and webhooks of a template.

    :param file: the file, as the caller named it.
    :param name: its last part.
    :param given: values for parameters, and the deployed stack.
    """
    found = Found()
    try:
        declared = read_template(data, name)
        resolver = Resolver(declared, given, variables)
        resources = unrolled_mapping(resolver, declared.resources)
        template = replace(declared, resources=resources)
    except FaultError as fault:
        found.add_problems(file, [fault.problem])
        return found
    for logical_id in resources:
        reader = _Reader(template, given, variables, found, file)
        reader.read(logical_id, resources[logical_id], resources.place(logical_id))
    return found


class _Reader:
    """Reads one resource."""

    def __init__(
        self,
        template: Template,
        given: Given,
        variables: Variables,
        found: Found,
        file: str,
    ) -> None:
        self._template = template
        self._resolver = Resolver(template, given, variables)
        self._found = found
        self._file = file

    def read(self, logical_id: str, resource: Any, position: Position | None) -> None:
        """Take what a resource gives to what was found."""
        kind = str(resource.get("Type", "")) if isinstance(resource, Mapping) else ""
        take = _TAKEN.get(kind)
        if take is None:
            return
        problems = self._resolver.problems
        try:
            if self._is_created(logical_id, resource):
                properties = self._properties(logical_id, resource, position)
                if not _errors(problems):
                    take(self, logical_id, properties)
                    return
        except FaultError as fault:
            problems.append(fault.problem)
        self._found.add_problems(self._file, problems)

    def _is_created(self, logical_id: str, resource: Mapping) -> bool:
        """Tell whether the stack has the resource; where that is only assumed, it is taken."""
        condition = resource.get("Condition")
        if condition is None:
            return True
        verdict = self._resolver.conditions.verdict(condition, resource.place("Condition"))
        if not verdict.holds and not verdict.assumptions:
            message = f"{logical_id} is not created: its condition {condition} does not hold."
            position = resource.place("Condition")
            self._resolver.problems.append(
                NOT_CREATED.problem(message, suggestion=NOT_CREATED.right, position=position)
            )
            return False
        return True

    def _properties(self, logical_id: str, resource: Mapping, position: Position | None) -> Mapping:
        if resource.get("Properties") is None:
            raise FaultError(MALFORMED, f"{logical_id} has no Properties.", position)
        properties = self._resolver.resolve(resource["Properties"], resource.place("Properties"))
        return as_mapping(properties, f"Properties of {logical_id}", resource.place("Properties"))

    def pipeline(self, logical_id: str, properties: Mapping) -> None:
        """Take a pipeline."""
        problems = self._resolver.problems
        properties = looked_up(properties, self._resolver.variables, self._template.name)
        declared = declaration(properties, problems)
        name = pipeline_name(properties.get("Name"), resource=logical_id, stem=self._template.stem)
        if name.problem is not None:
            problems.append(name.problem)
        declared["name"] = name.text
        declared.places["name"] = properties.place("Name") or properties.position or (1, 1)
        self._disabled_transitions(logical_id, name.text, properties)
        self._found.pipelines.append(
            FoundPipeline(
                file=self._file,
                resource=logical_id,
                name=name.text,
                derived=name.derived,
                declaration=declared,
                problems=tuple(problems),
            )
        )

    def _disabled_transitions(self, logical_id: str, name: str, properties: Mapping) -> None:
        transitions = properties.get("DisableInboundStageTransitions") or []
        if not isinstance(transitions, list):
            message = "DisableInboundStageTransitions is a list of stage names and reasons."
            raise FaultError(MALFORMED, message, properties.place("DisableInboundStageTransitions"))
        for transition in transitions:
            if not isinstance(transition, Mapping) or not {"StageName", "Reason"} <= transition.keys():
                message = "A disabled transition has a StageName and a Reason."
                raise FaultError(MALFORMED, message, getattr(transition, "position", properties.position))
            stage = scalar_text(transition["StageName"])
            reason = transition["Reason"]
            self._refuse_unknown_stage(stage, transition, properties)
            side, problem = disabled_transition(
                self._file, logical_id, pipeline=name, stage=stage, reason=reason
            )
            self._found.side_files.append(side)
            self._resolver.problems.append(replace(problem, position=transition.position))

    def _refuse_unknown_stage(self, stage: str, transition: Mapping, properties: Mapping) -> None:
        stages = properties.get("Stages")
        names = [item.get("Name") for item in stages or () if isinstance(item, Mapping)]
        if stage not in map(scalar_text, names):
            message = f"A transition is disabled into the stage {shown(stage)}, which the pipeline has not."
            raise FaultError(MALFORMED, message, transition.place("StageName"))

    def custom_action_type(self, logical_id: str, properties: Mapping) -> None:
        """Take a custom action type, as CreateCustomActionType wants it."""
        side = custom_action_type(self._file, logical_id, api_value(properties))
        self._found.side_files.append(side)
        self._found.add_problems(self._file, self._resolver.problems)

    def webhook(self, logical_id: str, properties: Mapping) -> None:
        """Take a webhook, as PutWebhook wants it."""
        data = api_value(properties)
        for unneeded in ("registerWithThirdParty", "targetPipelineVersion"):
            data.pop(unneeded, None)
        name = pipeline_name(properties.get("Name"), resource=logical_id, stem=self._template.stem)
        data["name"] = name.text
        target = data.get("targetPipeline")
        data["targetPipeline"] = self._target(target)
        self._found.side_files.append(webhook(self._file, logical_id, data))
        self._found.add_problems(self._file, self._resolver.problems)

    def _target(self, target: Any) -> str:
        """Return the name that the pipeline of a webhook got here."""
        if isinstance(target, Text) and len(target.unknowns) == 1:
            for logical_id in self._template.resources:
                if target.unknowns[0].was.startswith(f"!Ref {logical_id} "):
                    return logical_id
        return pipeline_name(target, resource=str(target or ""), stem=self._template.stem).text


def _errors(problems: list[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.kind.severity == "error"]


def refuse_undeclared(given: dict[str, str], declared: set[str]) -> list[Problem]:
    """Return a problem for each given parameter that no template declares."""
    return [
        PARAMETER.problem(
            f"No template declares a parameter {name}.", suggestion=did_you_mean(name, declared)
        )
        for name in given
        if name not in declared and not name.startswith("AWS::")
    ]


_TAKEN: dict[str, Callable[[_Reader, str, Mapping], None]] = {
    "AWS::CodePipeline::Pipeline": _Reader.pipeline,
    "AWS::CodePipeline::CustomActionType": _Reader.custom_action_type,
    "AWS::CodePipeline::Webhook": _Reader.webhook,
}
