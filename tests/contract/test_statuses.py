"""Every status of a service is classified, and none of them twice."""

from __future__ import annotations

from itertools import chain, combinations

import botocore.session
import pytest

from airflow_codepipeline.actions.cloudformation_change_sets import CHANGE_SET_STATUSES
from airflow_codepipeline.actions.cloudformation_stacks import DELETION_STATUSES, STACK_STATUSES
from airflow_codepipeline.actions.codebuild import STATUSES
from airflow_codepipeline.execution.conditions import ConditionStatus, RuleStatus
from airflow_codepipeline.execution.status import (
    ActionExecutionStatus,
    PipelineExecutionStatus,
    StageExecutionStatus,
)

TABLES = [
    ("codebuild", "StatusType", STATUSES),
    ("cloudformation", "StackStatus", STACK_STATUSES),
    ("cloudformation", "StackStatus", DELETION_STATUSES),
    ("cloudformation", "ChangeSetStatus", CHANGE_SET_STATUSES),
]


@pytest.mark.parametrize(
    ("service", "shape", "table"), TABLES, ids=lambda value: str(getattr(value, "kind", value))
)
def test_every_status_of_the_service_is_classified_exactly_once(service, shape, table):
    model = botocore.session.get_session().get_service_model(service)
    sets = (table.running, table.succeeded, table.failed)
    assert set(chain(*sets)) == set(model.shape_for(shape).enum)
    assert all(one.isdisjoint(other) for one, other in combinations(sets, 2))


@pytest.mark.parametrize(
    "statuses",
    [PipelineExecutionStatus, StageExecutionStatus, ActionExecutionStatus, ConditionStatus, RuleStatus],
    ids=lambda statuses: statuses.__name__,
)
def test_what_we_show_has_the_statuses_of_codepipeline(statuses):
    name = {"ConditionStatus": "ConditionExecutionStatus", "RuleStatus": "RuleExecutionStatus"}
    model = botocore.session.get_session().get_service_model("codepipeline")
    shape = model.shape_for(name.get(statuses.__name__, statuses.__name__))
    assert {status.value for status in statuses} == set(shape.enum)
