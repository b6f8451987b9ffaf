"""`Ref` and `Fn::GetAtt`: parameters, pseudo parameters, resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.definition.suggest import did_you_mean
from airflow_codepipeline.importing.cloudformation.assumed import ACCOUNT, REGION, assumed_value
from airflow_codepipeline.importing.cloudformation.parameters import known_items, parameter_value
from airflow_codepipeline.importing.kinds import REFERENCE, FaultError
from airflow_codepipeline.importing.labels import slug, without_hash
from airflow_codepipeline.importing.values import Mapping, Sequence, is_certain

if TYPE_CHECKING:
    from airflow_codepipeline.definition.text import Position
    from airflow_codepipeline.importing.cloudformation.resolver import Resolver

NO_VALUE = "AWS::NoValue"
_PSEUDO = {
    "AWS::Region": ("region", REGION),
    "AWS::AccountId": ("account", ACCOUNT),
    "AWS::Partition": ("partition", "aws"),
    "AWS::URLSuffix": ("url_suffix", "amazonaws.com"),
}
_OF_A_STACK = {
    "AWS::StackName": "stack_name",
    "AWS::StackId": "stack_id",
    "AWS::NotificationARNs": "notification_arns",
}

# `Ref` of these gives the name, which the template may say (CloudFormation template reference, "Return
# values" of each resource type).
_REF_IS = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::CodeBuild::Project": "Name",
    "AWS::CodePipeline::Pipeline": "Name",
    "AWS::CodeDeploy::Application": "ApplicationName",
    "AWS::CodeDeploy::DeploymentGroup": "DeploymentGroupName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::ECR::Repository": "RepositoryName",
    "AWS::ECS::Cluster": "ClusterName",
    "AWS::ElasticBeanstalk::Application": "ApplicationName",
    "AWS::ElasticBeanstalk::Environment": "EnvironmentName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Serverless::Function": "FunctionName",
    "AWS::SSM::Parameter": "Name",
}
_ATTRIBUTE_IS = {("AWS::CodeCommit::Repository", "Name"): "RepositoryName"}


def ref(resolver: Resolver, name: Any, position: Position | None) -> Any:
    """Return what `Ref` gives for a name.

    :raises FaultError: the template declares nothing of that name.
    """
    if not isinstance(name, str):
        raise FaultError(REFERENCE, "Ref wants the name of a parameter or resource.", position)
    if name.startswith("AWS::"):
        return _pseudo(resolver, name, position)
    if name in resolver.template.parameters:
        return parameter_value(resolver.template, name, resolver.given, resolver.variables)
    return _of_resource(resolver, name, None, position)


def get_att(resolver: Resolver, argument: Any, position: Position | None) -> Any:
    """Return what `Fn::GetAtt` gives for a resource and an attribute.

    :raises FaultError: the template declares no such resource.
    """
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) < 2:
        raise FaultError(REFERENCE, "Fn::GetAtt wants a resource and an attribute.", position)
    name, *attribute = (str(resolver.resolve(part, position)) for part in parts)
    return _of_resource(resolver, name, ".".join(attribute), position)


def _pseudo(resolver: Resolver, name: str, position: Position | None) -> Any:
    given = resolver.given
    if name in given.parameters:
        return given.parameters[name]
    known = given.stack.pseudo.get(name) if given.stack is not None else None
    if name in _PSEUDO:
        label, assumed = _PSEUDO[name]
        return resolver.variables.unknown(label, was=name, assumed=assumed, known=known)
    if name not in _OF_A_STACK:
        raise FaultError(
            REFERENCE,
            f"There is no pseudo parameter {name}.",
            position,
            did_you_mean(name, [NO_VALUE, *_PSEUDO, *_OF_A_STACK]),
        )
    label, source = _OF_A_STACK[name], resolver.template.name
    if name == "AWS::NotificationARNs" and given.stack is not None:
        arns = given.stack.notification_arns
        return known_items(resolver.variables, label, arns, was=name, source=source)
    stem = slug(resolver.template.stem)
    found = resolver.variables.unknown(label, was=name, assumed=stem, source=source, known=known)
    if name != "AWS::NotificationARNs":
        return found
    items = Sequence(position)
    items.add(found, position)
    return items


def _of_resource(resolver: Resolver, name: str, attribute: str | None, position: Position | None) -> Any:
    resource = resolver.template.resources.get(name)
    if resource is None and resolver.template.is_generated:
        resource = Mapping(position)
    if not isinstance(resource, Mapping):
        known = [*resolver.template.parameters, *resolver.template.resources]
        message = f"The template declares no {'resource' if attribute else 'parameter or resource'} {name}."
        raise FaultError(REFERENCE, message, position, did_you_mean(name, known))
    kind = str(resource.get("Type", "made by a macro"))
    said = _said_name(resolver, resource, kind, attribute)
    if said is not None:
        return said
    service = kind.split("::")[1] if kind.count("::") >= 2 else "cloudformation"
    label = name if attribute is None else f"{without_hash(name)}_{attribute}"
    return resolver.variables.unknown(
        label,
        was=f"!Ref {name} ({kind})" if attribute is None else f"!GetAtt {name}.{attribute} ({kind})",
        assumed=assumed_value(name, attribute=attribute or _ref_form(kind), service=service),
        source=resolver.template.name,
        known=_of_the_stack(resolver, name, resource, attribute),
    )


def _of_the_stack(resolver: Resolver, name: str, resource: Mapping, attribute: str | None) -> str | None:
    """Return what the deployed stack says: by the physical id, or by an output that is the same value."""
    stack = resolver.given.stack
    if stack is None:
        return None
    properties = resource.get("Properties")
    path: str | None = "/"
    if attribute is not None and isinstance(properties, Mapping) and "Path" in properties:
        said = resolver.text(properties["Path"], properties.place("Path"))
        path = str(said) if is_certain(said) else None
    known = stack.value(name, attribute, path)
    if known is not None or attribute is None:
        return known
    wanted = f"{name}.{attribute}"
    said_by = (output for output, gotten in resolver.template.outputs.items() if gotten == wanted)
    return next((stack.outputs[output] for output in said_by if output in stack.outputs), None)


def _ref_form(kind: str) -> str:
    return "Arn" if kind.endswith(("::Topic", "::Connection", "::StateMachine", "::Secret")) else "Name"


def _said_name(resolver: Resolver, resource: Mapping, kind: str, attribute: str | None) -> Any:
    """Return the name that the template itself gives a resource, where that is what is asked for."""
    key = _REF_IS.get(kind) if attribute is None else _ATTRIBUTE_IS.get((kind, attribute))
    properties = resource.get("Properties")
    if key is None or not isinstance(properties, Mapping) or key not in properties:
        return None
    found = resolver.resolve(properties[key], properties.place(key))
    return found if isinstance(found, str) and found else None
