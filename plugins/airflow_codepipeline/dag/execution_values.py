"""What earlier actions of an execution left for later ones: variables and artifacts, read from XCom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.dag.names import execution_id, parse_task_id
from airflow_codepipeline.dag.result import XCOM_KEY, ActionResult
from airflow_codepipeline.definition.references import PIPELINE_NAMESPACE, VARIABLES_NAMESPACE, resolve
from airflow_codepipeline.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.artifacts.reference import ArtifactReference
    from airflow_codepipeline.dag.wiring import Wiring
    from airflow_codepipeline.definition.model import Action

SOURCE_REVISIONS = "codepipeline.sourceRevisions"
"""The key of a DAG run's conf that holds source revision overrides; no variable can be called so."""


class ExecutionValues:
    """The values of one execution, each task's result read once.

    :param context: Airflow's context of the task that asks.
    """

    def __init__(self, wiring: Wiring, context: Mapping[str, Any]) -> None:
        self._wiring = wiring
        self._ti = context["ti"]
        self._params: Mapping[str, Any] = context["params"]
        self._results: dict[str, ActionResult | None] = {}
        self.pipeline_execution_id = execution_id(self._ti.dag_id, self._ti.run_id)

    def variable(self, namespace: str, key: str) -> str | None:
        """Return the value of `#{namespace.key}`, or none where nothing emitted it."""
        if namespace == PIPELINE_NAMESPACE:
            return self.pipeline_execution_id if key == "PipelineExecutionId" else None
        if namespace == VARIABLES_NAMESPACE:
            value = self._params.get(key)
            return None if value is None else str(value)
        producer = self._wiring.namespaces.get(namespace)
        result = self._result(producer) if producer else None
        return result.variables.get(key) if result else None

    def artifact(self, name: str) -> ArtifactReference:
        """Return an artifact of this execution.

        :raises ArtifactError: its producer did not run in this execution.
        """
        producer = self._wiring.artifacts.get(name)
        result = self._result(producer) if producer else None
        for artifact in result.artifacts if result else ():
            if artifact.name == name:
                return artifact
        by = "no action declares it" if producer is None else "/".join(parse_task_id(producer)) + " left none"
        raise ArtifactError(f"The artifact {name} does not exist in this execution: {by}.")

    def resolved(self, action: Action) -> Action:
        """Return the action with every variable in it replaced by its value.

        Source: CodePipeline user guide, "Variables reference": configuration of any action but a source
        action, and a Commands action's commands and environment variables.

        :raises VariableError: a variable has no value.
        """
        if action.action_type_id.category == "Source":
            return action
        return msgspec.structs.replace(
            action,
            configuration={key: resolve(value, self.variable) for key, value in action.configuration.items()},
            commands=tuple(resolve(command, self.variable) for command in action.commands),
            environment_variables=tuple(
                msgspec.structs.replace(variable, value=resolve(variable.value, self.variable))
                for variable in action.environment_variables
            ),
        )

    def _result(self, task_id: str) -> ActionResult | None:
        if task_id not in self._results:
            value = self._ti.xcom_pull(task_ids=task_id, key=XCOM_KEY)
            self._results[task_id] = None if value is None else ActionResult.from_xcom(value)
        return self._results[task_id]
