"""A deployed stack, as CloudFormation describes it: what its template does not tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from airflow_codepipeline.importing.cloudformation.attributes import attribute_value, url_suffix
from airflow_codepipeline.importing.secret_values import MASK


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A resource of a stack.

    :param outputs: where it is a nested stack: that stack's outputs.
    """

    kind: str
    physical_id: str
    outputs: dict[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stack:
    """What a deployed stack knows.

    :param pseudo: the pseudo parameters that are texts.
    :param parameters: their values; those that are masked are missing.
    :param exports: what the stacks of the account and region export.
    """

    pseudo: dict[str, str]
    notification_arns: tuple[str, ...]
    parameters: dict[str, str]
    resources: dict[str, Resource]
    outputs: dict[str, str]
    exports: dict[str, str]

    @classmethod
    def of(cls, data: dict[str, Any]) -> Stack:
        """Return the stack of what the API's operations gave.

        :param data: `stack` of DescribeStacks, `resources` of ListStackResources, `exports` of ListExports,
            and `nested`: the outputs of nested stacks, by their ids.
        """
        stack, nested = data["stack"], data["nested"]
        _, partition, _, region, account, _ = stack["StackId"].split(":", 5)
        return cls(
            pseudo={
                "AWS::AccountId": account,
                "AWS::Partition": partition,
                "AWS::Region": region,
                "AWS::StackId": stack["StackId"],
                "AWS::StackName": stack["StackName"],
                "AWS::URLSuffix": url_suffix(partition),
            },
            notification_arns=tuple(stack.get("NotificationARNs", ())),
            parameters=_parameters(stack.get("Parameters", ())),
            resources={
                item["LogicalResourceId"]: Resource(
                    kind=item["ResourceType"],
                    physical_id=item["PhysicalResourceId"],
                    outputs=_outputs(nested.get(item["PhysicalResourceId"], ())),
                )
                for item in data["resources"]
                if item.get("PhysicalResourceId")
            },
            outputs=_outputs(stack.get("Outputs", ())),
            exports={item["Name"]: item["Value"] for item in data["exports"]},
        )

    def value(self, logical_id: str, attribute: str | None, path: str | None) -> str | None:
        """Return what `Ref`, or `Fn::GetAtt` of an attribute, gives for a resource; none: it is not known.

        :param path: the Path of a resource of IAM, which is a part of its ARN.
        """
        resource = self.resources.get(logical_id)
        if resource is None or attribute is None:
            return None if resource is None else resource.physical_id
        if attribute.startswith("Outputs."):
            return resource.outputs.get(attribute.removeprefix("Outputs."))
        return attribute_value(resource.kind, resource.physical_id, attribute, self.pseudo, path)


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What is known beside the files.

    :param parameters: values for parameters and pseudo parameters, which become a part of the definition.
    :param stack: the stack that was deployed from the template; its values belong to the variables file.
    """

    parameters: dict[str, str] = field(default_factory=dict)
    stack: Stack | None = None


def _parameters(listed: Any) -> dict[str, str]:
    """Return the values of parameters; one of an SSM type has the value that was looked up."""
    values = {
        item["ParameterKey"]: item.get("ResolvedValue", item.get("ParameterValue", "")) for item in listed
    }
    return {name: value for name, value in values.items() if value != MASK}


def _outputs(listed: Any) -> dict[str, str]:
    return {item["OutputKey"]: item.get("OutputValue", "") for item in listed}
