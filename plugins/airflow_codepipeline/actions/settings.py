"""Read an action's configuration: CodePipeline's values are all strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from airflow_codepipeline.errors import ActionError

if TYPE_CHECKING:
    from airflow_codepipeline.actions.base import ActionContext
    from airflow_codepipeline.artifacts.reference import ArtifactLocation, ArtifactReference
    from airflow_codepipeline.definition.model import ArtifactStore

CONFIGURATION_ERROR = "ConfigurationError"
T = TypeVar("T")


def misconfigured(context: ActionContext, problem: str) -> ActionError:
    """Return the error for a configuration that cannot work; it names the action."""
    action = context.action
    place = f"{context.subject} {action.name} of stage {context.stage}"
    return ActionError(CONFIGURATION_ERROR, f"{place}: {problem}")


def required(context: ActionContext, key: str) -> str:
    """Return a configuration value.

    :raises ActionError: it is missing or empty.
    """
    value = context.action.configuration.get(key, "")
    if not value:
        raise misconfigured(context, f"the configuration needs {key}.")
    return value


def optional(context: ActionContext, key: str) -> str | None:
    """Return a configuration value, or none where it is missing or empty."""
    return context.action.configuration.get(key) or None


def boolean(context: ActionContext, key: str, *, default: bool = False) -> bool:
    """Return a configuration value that is true or false, in any case of letters.

    :raises ActionError: it is something else.
    """
    text = context.action.configuration.get(key, "").strip().lower()
    if text in {"true", "false"}:
        return text == "true"
    if text:
        raise misconfigured(context, f"{key} is {text!r}. It must be true or false.")
    return default


def one_of(context: ActionContext, key: str, values: tuple[str, ...]) -> str:
    """Return a configuration value that must be one of `values`.

    :raises ActionError: it is missing or something else.
    """
    value = required(context, key)
    if value not in values:
        raise misconfigured(context, f"{key} is {value!r}. It must be one of {', '.join(values)}.")
    return value


def json_value(context: ActionContext, key: str, text: str | bytes, kind: type[T]) -> T:
    """Return a JSON text as `kind`.

    :param key: what the text is called in an error message.
    :raises ActionError: it is no JSON, or of another shape.
    """
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        raise misconfigured(context, f"{key} cannot be read as JSON of the right shape: {error}.") from None


def the_input(context: ActionContext, name: str | None = None) -> ArtifactReference:
    """Return the input artifact of that name, or the first.

    :raises ActionError: the action has no such input.
    """
    known = [artifact.name for artifact in context.input_artifacts]
    wanted = name if name is not None else next(iter(known), None)
    for artifact in context.input_artifacts:
        if artifact.name == wanted:
            return artifact
    inputs = ", ".join(known) or "none"
    raise misconfigured(
        context, f"it has no input artifact {name or ''}".rstrip() + f". Its inputs: {inputs}."
    )


def the_output(context: ActionContext) -> ArtifactLocation:
    """Return where the one output artifact goes.

    :raises ActionError: the action declares no output artifact.
    """
    if not context.output_locations:
        raise misconfigured(context, "it needs one output artifact.")
    return context.output_locations[0]


def artifact_path(context: ActionContext, key: str, value: str) -> tuple[ArtifactReference, str]:
    """Split `Artifact::path/in/it`.

    :raises ActionError: it is not of that form, or names no input artifact.
    """
    name, separator, path = value.partition("::")
    if not (name and separator and path):
        raise misconfigured(context, f"{key} is {value!r}. It must be ArtifactName::path/of/file.")
    return the_input(context, name), path


def the_store(context: ActionContext) -> ArtifactStore:
    """Return the artifact store of the action's region.

    :raises ActionError: the pipeline declares none for it.
    """
    if context.store is None:
        region = context.identity.region
        raise misconfigured(
            context, f"the pipeline has no artifact store in {region}. Add one to artifactStores."
        )
    return context.store


def hidden(secret: str) -> str:
    """Return a secret, and let Airflow replace it, should anything ever log it."""
    from airflow.sdk.log import mask_secret

    mask_secret(secret)
    return secret
