"""The table of checks, in the order of their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_codepipeline.definition.checks import (
    action_names,
    action_region,
    action_type,
    allowed_values,
    approval_stage,
    artifact_mentions,
    artifact_namespaces,
    artifact_store,
    commands,
    commands_only,
    condition_count,
    dependent_keys,
    empty_stage,
    few_stages,
    first_stage,
    foreign_type,
    input_counts,
    input_order,
    input_producers,
    lengths,
    malformed_references,
    masked_secrets,
    misspelled_keys,
    namespaces,
    no_stages,
    only_sources,
    output_counts,
    output_names,
    parallel_rollback,
    patterns,
    reference_keys,
    reference_namespaces,
    reference_order,
    region_store,
    required_keys,
    reserved_namespaces,
    results,
    retry,
    rule_names,
    rule_type,
    schedule,
    scheduled_variables,
    service_role,
    skip_rules,
    source_references,
    source_stage,
    stage_names,
    structure_references,
    times,
    trigger_filters,
    trigger_once,
    trigger_sources,
    unknown_keys,
    v2_features,
    variable_names,
)
from airflow_codepipeline.definition.checks.base import Check, Survey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_codepipeline.definition.findings import Problem
    from airflow_codepipeline.definition.model import Pipeline

CHECKS = tuple(
    Check(module.KIND, module.find)
    for module in (
        no_stages,
        few_stages,
        first_stage,
        source_stage,
        only_sources,
        empty_stage,
        stage_names,
        action_names,
        approval_stage,
        artifact_store,
        service_role,
        region_store,
        action_region,
        patterns,
        lengths,
        times,
        schedule,
        scheduled_variables,
        action_type,
        foreign_type,
        required_keys,
        misspelled_keys,
        unknown_keys,
        allowed_values,
        masked_secrets,
        dependent_keys,
        input_counts,
        output_counts,
        commands,
        commands_only,
        output_names,
        input_producers,
        input_order,
        artifact_mentions,
        namespaces,
        reserved_namespaces,
        artifact_namespaces,
        variable_names,
        reference_namespaces,
        reference_order,
        reference_keys,
        source_references,
        structure_references,
        malformed_references,
        trigger_sources,
        trigger_once,
        trigger_filters,
        v2_features,
        parallel_rollback,
        skip_rules,
        results,
        condition_count,
        retry,
        rule_type,
        rule_names,
    )
)
ERROR_CHECKS = tuple(check for check in CHECKS if check.kind.severity == "error")


def problems(pipeline: Pipeline, checks: Iterable[Check] = CHECKS) -> list[Problem]:
    """Return everything that the checks find in a pipeline."""
    survey = Survey(pipeline)
    return [problem for check in checks for problem in check.find(survey)]
