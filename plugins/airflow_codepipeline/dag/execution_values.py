"""What earlier actions of an execution left for later ones: variables and artifacts, read from XCom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from airflow_codepipeline.dag.names import condition_id, execution_id, parse_task_id, task_id
from airflow_codepipeline.dag.result import XCOM_KEY, ActionResult
from airflow_codepipeline.definition.references import PIPELINE_NAMESPACE, VARIABLES_NAMESPACE, resolve
from airflow_codepipeline.errors import ArtifactError, VariableError
from airflow_codepipeline.execution.records import ROLLBACK, Rollback
from airflow_codepipeline.execution.variables import check_resolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_codepipeline.artifacts.reference import ArtifactReference
    from airflow_codepipeline.dag.wiring import Wiring
    from airflow_codepipeline.definition.model import Action

EXECUTION_ID = "PipelineExecutionId"
"""The one variable of the namespace `codepipeline`."""


class ExecutionValues:
    """The values of one execution, each task's result read once.

    A rollback runs one stage again. What other stages left it takes from the execution that it goes back to.

    :param context: Airflow's context of the task that asks.
    """

    def __init__(self, wiring: Wiring, context: Mapping[str, Any]) -> None:
        self._wiring = wiring
        self._ti = context["ti"]
        self._params: Mapping[str, Any] = context["params"]
        self._results: dict[str, ActionResult | None] = {}
        dag_run = context.get("dag_run")
        rollback = ((dag_run.conf or {}) if dag_run else {}).get(ROLLBACK)
        self._rollback = None if rollback is None else msgspec.convert(rollback, Rollback)
        self.pipeline_execution_id = execution_id(self._ti.dag_id, self._ti.run_id)

    def variable(self, namespace: str, key: str) -> str | None:
        """Return the value of `#{namespace.key}`, or none where nothing emitted it."""
        if namespace == PIPELINE_NAMESPACE:
            return self.pipeline_execution_id if key == EXECUTION_ID else None
        if namespace == VARIABLES_NAMESPACE:
            value = self._params.get(key) if key in self._variables() else None
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
        if producer is None:
            why = "no action declares it"
        else:
            why = f"{_label(producer)} left none" if result else self._absence(producer)
        raise ArtifactError(f"The artifact {name} does not exist in this execution: {why}.")

    def is_skipped(self, stage: str) -> bool:
        """Tell whether the entry condition of a stage skipped it."""
        entry = self._pull(condition_id(stage, "BEFORE_ENTRY"), stage)
        return isinstance(entry, dict) and bool(entry.get("engaged")) and entry.get("result") == "SKIP"

    def source_revisions(self) -> list[dict[str, str]]:
        """Return what the source actions took (CodePipeline API, SourceRevision)."""
        return [
            {"actionName": action.name} | _revision(artifact)
            for stage in self._wiring.pipeline.stages
            for action in stage.actions
            if action.action_type_id.category == "Source"
            and (result := self._result(task_id(stage.name, action.name))) is not None
            for artifact in result.artifacts
        ]

    def resolved(self, action: Action) -> Action:
        """Return the action with every variable in it replaced by its value.

        Source: CodePipeline user guide, "Variables reference": configuration of any action but a source
        action, and a Commands action's commands and environment variables.

        :raises VariableError: a variable has no value, or the values are too large.
        """
        if action.action_type_id.category == "Source":
            return action
        resolved = msgspec.structs.replace(
            action,
            configuration={
                key: self._resolved(value, f"{key} of the configuration", action)
                for key, value in action.configuration.items()
            },
            commands=tuple(
                self._resolved(command, f"command {number}", action)
                for number, command in enumerate(action.commands, 1)
            ),
            environment_variables=tuple(
                msgspec.structs.replace(
                    variable,
                    value=self._resolved(variable.value, f"the environment variable {variable.name}", action),
                )
                for variable in action.environment_variables
            ),
        )
        check_resolved(
            (
                *resolved.configuration.items(),
                *(("", command) for command in resolved.commands),
                *((variable.name, variable.value) for variable in resolved.environment_variables),
            )
        )
        return resolved

    def _resolved(self, text: str, place: str, action: Action) -> str:
        def value(namespace: str, key: str) -> str:
            found = self.variable(namespace, key)
            if found is None:
                reference = f"#{{{namespace}.{key}}}"
                why = self._why_missing(namespace, key)
                raise VariableError(f"{action.name}, {place}: {reference} has no value: {why}.")
            return found

        return resolve(text, value)

    def _why_missing(self, namespace: str, key: str) -> str:
        if namespace == PIPELINE_NAMESPACE:
            return f"the namespace {namespace} has {EXECUTION_ID} only"
        if namespace == VARIABLES_NAMESPACE:
            known = ", ".join(self._variables()) or "none"
            return f"the pipeline has no value for a variable {key}; its variables: {known}"
        producer = self._wiring.namespaces.get(namespace)
        if producer is None:
            known = ", ".join(self._wiring.namespaces) or "none"
            return f"no action has the namespace {namespace}; the namespaces: {known}"
        result = self._result(producer)
        if result is None:
            return self._absence(producer)
        left = ", ".join(sorted(result.variables)) or "no variables"
        return f"{_label(producer)} left {left}"

    def _absence(self, producer: str) -> str:
        """Say why an action left nothing."""
        stage, _ = parse_task_id(producer)
        if self.is_skipped(stage):
            return f"{_label(producer)} did not run, because the stage {stage} was skipped"
        if self._target_run(stage):
            assert self._rollback is not None
            target = self._rollback.target_pipeline_execution_id
            return (
                f"{_label(producer)} left nothing in {target}, the execution that is rolled back to, or "
                "Airflow does not keep its XComs any more"
            )
        return f"{_label(producer)} left none, because it has not run to its end in this execution"

    def _variables(self) -> list[str]:
        return [variable.name for variable in self._wiring.pipeline.variables]

    def _result(self, task_id: str) -> ActionResult | None:
        if task_id not in self._results:
            value = self._pull(task_id, parse_task_id(task_id)[0])
            self._results[task_id] = None if value is None else ActionResult.from_xcom(value)
        return self._results[task_id]

    def _pull(self, task_id: str, stage: str) -> Any:
        run = self._target_run(stage)
        of_run = {} if run is None else {"run_id": run}
        return self._ti.xcom_pull(task_ids=task_id, key=XCOM_KEY, **of_run)

    def _target_run(self, stage: str) -> str | None:
        """Return the run that a stage's results are of, where that is another than this one."""
        if self._rollback is None or self._rollback.stage == stage:
            return None
        return self._rollback.target_run_id


def _revision(artifact: ArtifactReference) -> dict[str, str]:
    told = {
        "revisionId": artifact.revision_id,
        "revisionSummary": artifact.revision_summary,
        "revisionUrl": artifact.revision_url,
    }
    return {key: value for key, value in told.items() if value}


def _label(task_id: str) -> str:
    return "/".join(parse_task_id(task_id))
