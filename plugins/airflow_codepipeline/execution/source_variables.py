"""What a source action is to say of the change that started its execution, beside the commit itself.

Source: CodePipeline user guide, "Variables": those of CodeStarSourceConnection that a trigger gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_codepipeline.execution.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Collection

SOURCE_VARIABLES = "codepipeline.sourceVariables"
"""The key of a DAG run's conf that holds them: variables and their values, by the source action's name."""
GIT_VARIABLES = frozenset(
    {
        "BranchName",
        "DestinationBranchName",
        "PullRequestId",
        "PullRequestTitle",
        "SourceBranchName",
        "TagName",
    }
)


def check_source_variables(given: Any, sources: Collection[str]) -> None:
    """Check what a conf has of them.

    :param sources: the names of the pipeline's source actions.
    :raises Refusal: ValidationException.
    """
    right = isinstance(given, dict) and all(
        action in sources
        and isinstance(values, dict)
        and values.keys() <= GIT_VARIABLES
        and all(isinstance(value, str) for value in values.values())
        for action, values in given.items()
    )
    if not right:
        raise Refusal(
            "ValidationException",
            f"{SOURCE_VARIABLES} must be {{<source action>: {{<variable>: <text>}}}}, the actions of "
            f"{', '.join(sources) or 'none'} and the variables of {', '.join(sorted(GIT_VARIABLES))}, "
            f"not {given!r}.",
        )
