"""A pipeline as it is declared: the structure `aws codepipeline get-pipeline` prints.

Field names are AWS's, in snake case here and in camel case in a file. Every model is frozen; an
attribute that AWS leaves out when it is empty has its default. Source: CodePipeline API reference,
PipelineDeclaration and the shapes below it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from airflow_codepipeline.definition.extension import ActionExtension, PipelineExtension, StageExtension
from airflow_codepipeline.definition.layout import lay_out

Category = Literal["Source", "Build", "Deploy", "Test", "Invoke", "Approval", "Compute"]
Owner = Literal["AWS", "ThirdParty", "Custom"]
ExecutionMode = Literal["SUPERSEDED", "QUEUED", "PARALLEL"]
PipelineType = Literal["V1", "V2"]
Result = Literal["ROLLBACK", "FAIL", "RETRY", "SKIP"]
RetryMode = Literal["FAILED_ACTIONS", "ALL_ACTIONS"]


class Declared(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """What every model of a declaration shares."""


class EncryptionKey(Declared, frozen=True, kw_only=True):
    """The KMS key that encrypts the artifacts of a store."""

    id: str
    type: Literal["KMS"] = "KMS"


class ArtifactStore(Declared, frozen=True, kw_only=True):
    """The bucket that holds a pipeline's artifacts in one region."""

    location: str
    type: Literal["S3"] = "S3"
    encryption_key: EncryptionKey | None = None


class ActionTypeId(Declared, frozen=True, kw_only=True):
    """Which provider carries an action out."""

    category: Category
    provider: str
    owner: Owner = "AWS"
    version: str = "1"

    def __str__(self) -> str:
        return f"{self.category}/{self.owner}/{self.provider}/{self.version}"


class InputArtifact(Declared, frozen=True, kw_only=True):
    """An artifact that an action reads."""

    name: str


class OutputArtifact(Declared, frozen=True, kw_only=True):
    """An artifact that an action writes; `files` are a Commands action's file patterns."""

    name: str
    files: tuple[str, ...] = ()


class EnvironmentVariable(Declared, frozen=True, kw_only=True):
    """An environment variable of a Commands or EKS action."""

    name: str
    value: str
    type: Literal["PLAINTEXT", "SECRETS_MANAGER"] = "PLAINTEXT"


class Action(Declared, frozen=True, kw_only=True):
    """One action of a stage. `timeout_in_minutes` is AWS's for approvals; here every action may have one."""

    name: str
    action_type_id: ActionTypeId
    run_order: int = 1
    configuration: dict[str, str] = {}
    input_artifacts: tuple[InputArtifact, ...] = ()
    output_artifacts: tuple[OutputArtifact, ...] = ()
    role_arn: str | None = None
    region: str | None = None
    namespace: str | None = None
    timeout_in_minutes: int | None = None
    commands: tuple[str, ...] = ()
    output_variables: tuple[str, ...] = ()
    environment_variables: tuple[EnvironmentVariable, ...] = ()
    airflow: ActionExtension = ActionExtension()


class RuleTypeId(Declared, frozen=True, kw_only=True):
    """Which provider evaluates a rule."""

    provider: str
    category: Literal["Rule"] = "Rule"
    owner: Literal["AWS"] = "AWS"
    version: str | None = None


class Rule(Declared, frozen=True, kw_only=True):
    """One rule of a condition."""

    name: str
    rule_type_id: RuleTypeId
    configuration: dict[str, str] = {}
    commands: tuple[str, ...] = ()
    input_artifacts: tuple[InputArtifact, ...] = ()
    role_arn: str | None = None
    region: str | None = None
    timeout_in_minutes: int | None = None


class Condition(Declared, frozen=True, kw_only=True):
    """Rules that are evaluated together, and what happens when they engage."""

    rules: tuple[Rule, ...] = ()
    result: Result | None = None


class BeforeEntry(Declared, frozen=True, kw_only=True):
    """Conditions that let an execution into a stage."""

    conditions: tuple[Condition, ...]


class OnSuccess(Declared, frozen=True, kw_only=True):
    """Conditions that let an execution leave a stage whose actions succeeded."""

    conditions: tuple[Condition, ...]


class RetryConfiguration(Declared, frozen=True, kw_only=True):
    """Which actions an automatic retry runs again."""

    retry_mode: RetryMode | None = None


class OnFailure(Declared, frozen=True, kw_only=True):
    """What happens when an action of a stage failed."""

    result: Result | None = None
    retry_configuration: RetryConfiguration | None = None
    conditions: tuple[Condition, ...] = ()


class Blocker(Declared, frozen=True, kw_only=True):
    """Reserved by AWS, without behaviour."""

    name: str
    type: Literal["Schedule"] = "Schedule"


class Stage(Declared, frozen=True, kw_only=True):
    """A stage: actions that an execution runs before it moves on."""

    name: str
    actions: tuple[Action, ...]
    blockers: tuple[Blocker, ...] = ()
    before_entry: BeforeEntry | None = None
    on_success: OnSuccess | None = None
    on_failure: OnFailure | None = None
    airflow: StageExtension = StageExtension()


class Patterns(Declared, frozen=True, kw_only=True):
    """Globs that include and exclude; an exclude beats an include."""

    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


class PushFilter(Declared, frozen=True, kw_only=True):
    """Which pushes start an execution."""

    tags: Patterns | None = None
    branches: Patterns | None = None
    file_paths: Patterns | None = None


class PullRequestFilter(Declared, frozen=True, kw_only=True):
    """Which pull requests start an execution."""

    events: tuple[Literal["OPEN", "UPDATED", "CLOSED"], ...] = ()
    branches: Patterns | None = None
    file_paths: Patterns | None = None


class GitConfiguration(Declared, frozen=True, kw_only=True):
    """The filters of a trigger, for one source action."""

    source_action_name: str
    push: tuple[PushFilter, ...] = ()
    pull_request: tuple[PullRequestFilter, ...] = ()


class Trigger(Declared, frozen=True, kw_only=True):
    """What starts an execution from a connection."""

    git_configuration: GitConfiguration
    provider_type: Literal["CodeStarSourceConnection"] = "CodeStarSourceConnection"


class Variable(Declared, frozen=True, kw_only=True):
    """A pipeline-level variable; without a default it is required at start."""

    name: str
    default_value: str | None = None
    description: str | None = None


class Pipeline(Declared, frozen=True, kw_only=True):
    """A pipeline."""

    name: str
    stages: tuple[Stage, ...]
    role_arn: str | None = None
    artifact_store: ArtifactStore | None = None
    artifact_stores: dict[str, ArtifactStore] = {}
    version: int = 1
    execution_mode: ExecutionMode = "SUPERSEDED"
    pipeline_type: PipelineType | None = None
    variables: tuple[Variable, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    airflow: PipelineExtension = PipelineExtension()

    @property
    def required_variables(self) -> tuple[Variable, ...]:
        """The variables that have no default: whoever starts an execution gives their values."""
        return tuple(variable for variable in self.variables if variable.default_value is None)

    def store(self, region: str | None = None) -> ArtifactStore:
        """Return the artifact store of a region, or the pipeline's own where no region is given.

        :raises KeyError: the pipeline declares no store for that region.
        """
        if region is not None and region in self.artifact_stores:
            return self.artifact_stores[region]
        if self.artifact_store is not None:
            return self.artifact_store
        if region is None and len(self.artifact_stores) == 1:
            return next(iter(self.artifact_stores.values()))
        raise KeyError(region)


lay_out(Pipeline)
