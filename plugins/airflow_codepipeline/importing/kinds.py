"""What an import may say. docs/importing.md has a row for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.findings import Kind
from airflow_codepipeline.errors import CodePipelineError

if TYPE_CHECKING:
    from airflow_codepipeline.definition.findings import Problem
    from airflow_codepipeline.definition.text import Position

UNKNOWN_FORMAT = Kind(
    id="CI001",
    severity="error",
    what="The file is none of the formats that can be imported.",
    right="A CloudFormation or SAM template, a `cdk.out` folder, what `aws codepipeline get-pipeline` or "
    "`terraform show -json` prints.",
)
NO_PIPELINE = Kind(
    id="CI002",
    severity="error",
    what="The file holds no pipeline, custom action type or webhook.",
    right="A file with at least one of them.",
)
MALFORMED = Kind(
    id="CI003",
    severity="error",
    what="The template is not as CloudFormation wants it.",
    right="The template anatomy of the CloudFormation guide.",
)
FUNCTION = Kind(
    id="CI004",
    severity="error",
    what="An intrinsic function is unknown, or used as CloudFormation refuses it.",
    right="The intrinsic function reference of the CloudFormation guide.",
)
REFERENCE = Kind(
    id="CI005",
    severity="error",
    what="A reference names nothing that the template declares.",
    right="The name of a parameter, resource, condition or mapping of the template.",
)
NULL = Kind(
    id="CI006",
    severity="error",
    what="A value is null, which CloudFormation does not allow.",
    right="A value, or no key.",
)
PARAMETER = Kind(
    id="CI007",
    severity="error",
    what="A parameter that was given is not declared, or its value is not allowed.",
    right="`--parameter NAME=VALUE` with a name and a value that the template allows.",
)
CANNOT_WRITE = Kind(
    id="CI008",
    severity="error",
    what="A file cannot be written.",
    right="A folder that may be written, and in it no file of that name that was written by hand.",
)
PARAMETERS_FILE = Kind(
    id="CI009",
    severity="error",
    what="The parameters file cannot be used.",
    right="A mapping of names to values, CloudFormation's list of ParameterKey and ParameterValue, or a "
    "template configuration file.",
)
AWS = Kind(
    id="CI010",
    severity="error",
    what="AWS could not be asked, or refused to answer.",
    right="Credentials, a region, and permission for the call that is named.",
)
NOT_THERE = Kind(
    id="CI011",
    severity="error",
    what="The account has no pipeline, or no stack, of that name in the region.",
    right="A name that is there, in the region and with the profile that see it.",
)
NOT_PLANNED = Kind(
    id="CI012",
    severity="error",
    what="A Terraform plan knows a block or a map, its keys included, only after it is applied.",
    right="What `terraform show -json` prints of the state, once the plan is applied.",
)
DUPLICATE = Kind(
    id="CI101",
    severity="warning",
    what="A mapping has the same key twice; CloudFormation takes the last.",
    right="Each key once.",
)
SECRET = Kind(
    id="CI102",
    severity="warning",
    what="A secret stood in the file as plain text; it was left out, a variable stands in its place.",
    right="Give the variable its value in the variables file, and change the secret where it was published.",
)
ASSUMED = Kind(
    id="CI103",
    severity="warning",
    what="A condition depends on what only a deployed stack knows; it was decided for an assumed value.",
    right="`--parameter NAME=VALUE`, also for pseudo parameters such as AWS::Region.",
)
LENIENT = Kind(
    id="CI104",
    severity="warning",
    what="The file is not strict JSON: comments or trailing commas.",
    right="JSON as RFC 8259 has it.",
)
LEFT_OUT = Kind(
    id="CI105",
    severity="warning",
    what="A property has no counterpart in a definition and was left out.",
    right="Nothing is to be done where it is not needed.",
)
RENAMED = Kind(
    id="CI106",
    severity="warning",
    what="The pipeline's name is only known to a deployed stack; a readable name was made.",
    right="The name in the template, or the parameter that it is made of.",
)
NOT_CREATED = Kind(
    id="CI107",
    severity="warning",
    what="The resource has a condition that is false: CloudFormation would not create it.",
    right="`--parameter NAME=VALUE` that makes the condition true.",
)
SIDE_FILE = Kind(
    id="CI108",
    severity="warning",
    what="What a declaration cannot hold was written to a file of its own: a disabled transition.",
    right="Carry the request out once the pipeline is there: the file is its input.",
)
NOT_READ = Kind(
    id="CI109",
    severity="warning",
    what="Something that belongs to the import may not be read with these credentials; it was left out.",
    right="Permission for the call that is named, and the same import once more.",
)
KEPT = Kind(
    id="CI110",
    severity="warning",
    what="The variables file has another value than the deployed stack; the file's value was kept.",
    right="Remove the line from the variables file to get the stack's value.",
)
KINDS = (
    UNKNOWN_FORMAT,
    NO_PIPELINE,
    MALFORMED,
    FUNCTION,
    REFERENCE,
    NULL,
    PARAMETER,
    CANNOT_WRITE,
    PARAMETERS_FILE,
    AWS,
    NOT_THERE,
    NOT_PLANNED,
    DUPLICATE,
    SECRET,
    ASSUMED,
    LENIENT,
    LEFT_OUT,
    RENAMED,
    NOT_CREATED,
    SIDE_FILE,
    NOT_READ,
    KEPT,
)


class FaultError(CodePipelineError):
    """Something in a file that cannot be imported; carries what. It never leaves this room."""

    def __init__(self, kind: Kind, message: str, position: Position | None, suggestion: str = "") -> None:
        self.problem: Problem = kind.problem(message, suggestion=suggestion, position=position)
        super().__init__(message)
