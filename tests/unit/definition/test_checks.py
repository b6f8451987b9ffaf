"""Each check, on a good declaration that is broken in one place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_codepipeline.definition import documented
from airflow_codepipeline.definition.checks import registry

if TYPE_CHECKING:
    from collections.abc import Callable

Declaration = dict[str, Any]

CODE, IMAGE = (0, 0), (0, 1)
BUILD, TEST = (1, 0), (1, 1)
APPROVE, PUBLISH = (2, 0), (2, 1)


def action(declaration: Declaration, place: tuple[int, int]) -> dict[str, Any]:
    return declaration["stages"][place[0]]["actions"][place[1]]


def configuration(declaration: Declaration, place: tuple[int, int]) -> dict[str, Any]:
    return action(declaration, place)["configuration"]


def condition(declaration: Declaration) -> dict[str, Any]:
    return declaration["stages"][2]["beforeEntry"]["conditions"][0]


def rule(declaration: Declaration) -> dict[str, Any]:
    return condition(declaration)["rules"][0]


def action_type(category: str, provider: str, owner: str = "AWS") -> dict[str, str]:
    return {"category": category, "owner": owner, "provider": provider, "version": "1"}


def connection_trigger(declaration: Declaration, times: int, push: dict[str, Any] | None = None) -> None:
    action(declaration, CODE).update(
        actionTypeId=action_type("Source", "CodeStarSourceConnection"),
        configuration={"ConnectionArn": "arn:x", "FullRepositoryId": "o/r", "BranchName": "main"},
    )
    git = {"sourceActionName": "Code", "push": [push or {"branches": {"includes": ["main"]}}]}
    trigger = {"providerType": "CodeStarSourceConnection", "gitConfiguration": git}
    declaration["triggers"] = [trigger] * times


def no_stages(declaration: Declaration) -> None:
    declaration["stages"] = []


def only_the_sources(declaration: Declaration) -> None:
    del declaration["stages"][1:]


def build_among_the_sources(declaration: Declaration) -> None:
    action(declaration, IMAGE)["actionTypeId"] = action_type("Invoke", "Lambda")


def source_in_the_build_stage(declaration: Declaration) -> None:
    action(declaration, TEST)["actionTypeId"] = action_type("Source", "S3")


def a_stage_without_actions(declaration: Declaration) -> None:
    declaration["stages"].append({"name": "Empty", "actions": []})


def two_stages_of_one_name(declaration: Declaration) -> None:
    declaration["stages"][2]["name"] = "Build"


def two_actions_of_one_name(declaration: Declaration) -> None:
    action(declaration, TEST)["name"] = "Build"


def an_approval_among_the_sources(declaration: Declaration) -> None:
    action(declaration, IMAGE)["actionTypeId"] = action_type("Approval", "Manual")


def no_store(declaration: Declaration) -> None:
    del declaration["artifactStore"]


def both_kinds_of_store(declaration: Declaration) -> None:
    declaration["artifactStores"] = {"eu-west-1": declaration["artifactStore"]}


def no_role(declaration: Declaration) -> None:
    del declaration["roleArn"]


def a_region_without_a_store(declaration: Declaration) -> None:
    declaration["artifactStores"] = {"eu-west-1": declaration.pop("artifactStore")}
    action(declaration, PUBLISH)["region"] = "us-east-1"


def two_regions_and_one_store(declaration: Declaration) -> None:
    action(declaration, BUILD)["region"] = "eu-west-1"
    action(declaration, PUBLISH)["region"] = "us-east-1"


def a_source_elsewhere(declaration: Declaration) -> None:
    store = declaration.pop("artifactStore")
    declaration["artifactStores"] = {"eu-west-1": store, "us-east-1": store}
    declaration["airflow"]["region"] = "eu-west-1"
    action(declaration, CODE)["region"] = "us-east-1"


def a_name_with_a_space(declaration: Declaration) -> None:
    action(declaration, PUBLISH)["name"] = "Publish it"


def a_text_that_is_too_long(declaration: Declaration) -> None:
    configuration(declaration, APPROVE)["CustomData"] = "x" * 1001


def no_time_at_all(declaration: Declaration) -> None:
    action(declaration, APPROVE)["timeoutInMinutes"] = 0


def a_schedule_with_a_required_variable(declaration: Declaration) -> None:
    declaration["airflow"]["schedule"] = "@daily"
    del declaration["variables"][0]["defaultValue"]


def a_variable_that_no_change_has(declaration: Declaration) -> None:
    connection_trigger(declaration, 1)
    del declaration["variables"][0]["defaultValue"]


def catching_up_from_nowhere(declaration: Declaration) -> None:
    declaration["airflow"] = {"schedule": "@daily", "catchup": True}


def a_sentence_as_schedule(declaration: Declaration) -> None:
    declaration["airflow"]["schedule"] = "every morning"


def a_weekday_that_there_is_not(declaration: Declaration) -> None:
    declaration["airflow"]["schedule"] = "0 6 * * MOD-FRI"


def a_step_of_nothing(declaration: Declaration) -> None:
    declaration["airflow"]["schedule"] = {"cron": "*/0 * * * *", "assets": ["orders"]}


def the_30th_of_february(declaration: Declaration) -> None:
    declaration["airflow"]["schedule"] = "0 6 30 2 *"


def a_schedule_with_years(declaration: Declaration) -> None:
    declaration["airflow"]["schedule"] = "0 0 6 * * MON 2026"


def a_time_beside_nothing(declaration: Declaration) -> None:
    declaration["airflow"]["schedule"] = {}


def a_timetable_beside_a_cron_expression(declaration: Declaration) -> None:
    declaration["airflow"]["schedule"] = {"cron": "@daily", "timetable": "company.calendar.TradingDays"}


def arguments_of_nothing(declaration: Declaration) -> None:
    declaration["airflow"]["schedule"] = {"cron": "@daily", "arguments": {"country": "DE"}}


def a_timetable_without_a_module(declaration: Declaration) -> None:
    declaration["airflow"]["schedule"] = {"timetable": "TradingDays"}


def no_calendar_time_beside_assets(declaration: Declaration) -> None:
    declaration["airflow"]["schedule"] = {"cron": "@once", "assets": ["orders"]}


def a_city_that_there_is_not(declaration: Declaration) -> None:
    declaration["airflow"]["timezone"] = "Europe/Berln"


def no_assets(declaration: Declaration) -> None:
    declaration["airflow"]["schedule"] = {"assets": []}


def any_and_all_at_once(declaration: Declaration) -> None:
    nested = {"any": ["prices"], "all": ["stocks"]}
    declaration["airflow"]["schedule"] = {"assets": {"all": ["orders", nested]}}


def half_an_asset(declaration: Declaration) -> None:
    declaration["airflow"]["schedule"] = {"assets": [{"name": "orders"}]}


def an_asset_without_a_name(declaration: Declaration) -> None:
    declaration["airflow"]["schedule"] = {"assets": {"any": ["orders", " "]}}


def an_asset_of_airflow_itself(declaration: Declaration) -> None:
    declaration["stages"][2]["airflow"] = {"outlets": ["airflow://shop"]}


def an_asset_updated_twice(declaration: Declaration) -> None:
    declaration["stages"][2]["airflow"] = {"outlets": ["shop", {"name": "shop", "uri": "s3://shop/live"}]}


def a_pipeline_that_starts_itself(declaration: Declaration) -> None:
    declaration["airflow"]["schedule"] = {"assets": {"any": ["orders", {"all": ["shop", "prices"]}]}}
    declaration["stages"][2]["airflow"] = {"outlets": ["shop"]}


def approvers_of_a_build(declaration: Declaration) -> None:
    action(declaration, BUILD)["airflow"] = {"approvers": {"users": ["ada"]}}


def more_approvals_than_approvers(declaration: Declaration) -> None:
    action(declaration, APPROVE)["airflow"] = {"approvers": {"users": ["ada"], "required": 2}}


def no_approval_at_all(declaration: Declaration) -> None:
    declaration["airflow"]["approvers"] = {"required": 0}


def an_empty_list_of_approvers(declaration: Declaration) -> None:
    action(declaration, APPROVE)["airflow"] = {"approvers": {"users": []}}


def an_approver_without_a_name(declaration: Declaration) -> None:
    action(declaration, APPROVE)["airflow"] = {"approvers": {"roles": ["ops", " "]}}


def an_approver_twice(declaration: Declaration) -> None:
    declaration["airflow"]["approvers"] = {"users": ["ada", "ada"]}


def a_misspelled_provider(declaration: Declaration) -> None:
    action(declaration, BUILD)["actionTypeId"]["provider"] = "CodeBiuld"


def an_unknown_partner(declaration: Declaration) -> None:
    action(declaration, TEST)["actionTypeId"] = action_type("Test", "Runscope", "ThirdParty")


def no_project(declaration: Declaration) -> None:
    del configuration(declaration, BUILD)["ProjectName"]


def no_operator(declaration: Declaration) -> None:
    del rule(declaration)["configuration"]["Operator"]


def a_misspelled_key(declaration: Declaration) -> None:
    configuration(declaration, BUILD)["BatchEnable"] = "true"


def a_key_of_nothing(declaration: Declaration) -> None:
    configuration(declaration, BUILD)["Zzz"] = "true"


def a_value_that_is_not_listed(declaration: Declaration) -> None:
    configuration(declaration, PUBLISH)["Extract"] = "True"


def a_masked_token(declaration: Declaration) -> None:
    action(declaration, CODE).update(
        actionTypeId=action_type("Source", "GitHub", "ThirdParty"),
        configuration={"Owner": "o", "Repo": "r", "Branch": "main", "OAuthToken": "****"},
    )


def no_key_to_write_to(declaration: Declaration) -> None:
    configuration(declaration, PUBLISH)["Extract"] = "false"


def no_primary_source(declaration: Declaration) -> None:
    del configuration(declaration, BUILD)["PrimarySource"]


def no_template(declaration: Declaration) -> None:
    action(declaration, PUBLISH).update(
        actionTypeId=action_type("Deploy", "CloudFormation"),
        configuration={"ActionMode": "CREATE_UPDATE", "StackName": "s", "RoleArn": "r"},
    )


def two_inputs_for_s3(declaration: Declaration) -> None:
    action(declaration, PUBLISH)["inputArtifacts"].append({"name": "SourceOutput"})


def an_approval_that_writes(declaration: Declaration) -> None:
    action(declaration, APPROVE)["outputArtifacts"] = [{"name": "Nothing"}]


def no_commands(declaration: Declaration) -> None:
    del action(declaration, TEST)["commands"]


def commands_for_s3(declaration: Declaration) -> None:
    action(declaration, PUBLISH)["commands"] = ["make"]


def an_artifact_written_twice(declaration: Declaration) -> None:
    action(declaration, IMAGE)["outputArtifacts"][0]["name"] = "SourceOutput"
    action(declaration, BUILD)["inputArtifacts"].pop()


def an_input_from_nowhere(declaration: Declaration) -> None:
    action(declaration, PUBLISH)["inputArtifacts"][0]["name"] = "BuildOutptu"


def an_input_from_beside(declaration: Declaration) -> None:
    action(declaration, TEST)["runOrder"] = 1
    del action(declaration, TEST)["commands"][0]
    action(declaration, TEST)["commands"].append("make test")


def a_primary_source_that_is_no_input(declaration: Declaration) -> None:
    configuration(declaration, BUILD)["PrimarySource"] = "SourceOut"


def a_namespace_twice(declaration: Declaration) -> None:
    action(declaration, APPROVE)["namespace"] = "Built"


def a_reserved_namespace(declaration: Declaration) -> None:
    action(declaration, APPROVE)["namespace"] = "variables"


def a_namespace_like_an_artifact(declaration: Declaration) -> None:
    action(declaration, APPROVE)["namespace"] = "BuildOutput"


def a_variable_twice(declaration: Declaration) -> None:
    declaration["variables"].append({"name": "Environment"})


def a_reference_to_nobody(declaration: Declaration) -> None:
    configuration(declaration, PUBLISH)["ObjectKey"] = "#{Biult.VERSION}"


def a_reference_from_beside(declaration: Declaration) -> None:
    action(declaration, APPROVE)["namespace"] = "Approved"
    action(declaration, APPROVE)["actionTypeId"] = action_type("Invoke", "Lambda")
    action(declaration, APPROVE)["configuration"] = {"FunctionName": "f"}
    action(declaration, PUBLISH)["runOrder"] = 1
    configuration(declaration, PUBLISH)["ObjectKey"] = "#{Approved.Key}"


def a_key_that_s3_does_not_emit(declaration: Declaration) -> None:
    configuration(declaration, PUBLISH)["ObjectKey"] = "#{Code.VersionID}"


def an_undeclared_variable(declaration: Declaration) -> None:
    configuration(declaration, PUBLISH)["ObjectKey"] = "#{variables.Enviroment}"


def a_reference_in_a_source(declaration: Declaration) -> None:
    configuration(declaration, CODE)["S3ObjectKey"] = "#{variables.Environment}.zip"


def a_reference_in_a_region(declaration: Declaration) -> None:
    action(declaration, PUBLISH)["region"] = "#{variables.Environment}"


def half_a_reference(declaration: Declaration) -> None:
    configuration(declaration, PUBLISH)["ObjectKey"] = "#{Code}"


def a_trigger_without_a_connection(declaration: Declaration) -> None:
    connection_trigger(declaration, 1)
    declaration["triggers"][0]["gitConfiguration"]["sourceActionName"] = "Image"


def two_triggers(declaration: Declaration) -> None:
    connection_trigger(declaration, 2)


def tags_with_branches(declaration: Declaration) -> None:
    both = {"tags": {"includes": ["v*"]}, "branches": {"includes": ["main"]}}
    connection_trigger(declaration, 1, both)


def a_pattern_that_is_never_closed(declaration: Declaration) -> None:
    connection_trigger(declaration, 1, {"branches": {"includes": ["main"], "excludes": ["a", "[b"]}})


def a_brace_in_a_brace(declaration: Declaration) -> None:
    connection_trigger(declaration, 1)
    request = {"filePaths": {"includes": ["{a,{b}}"]}}
    declaration["triggers"][0]["gitConfiguration"] |= {"pullRequest": [request]}


def an_old_type(declaration: Declaration) -> None:
    declaration["pipelineType"] = "V1"
    declaration["executionMode"] = "SUPERSEDED"
    del declaration["stages"][2]["beforeEntry"], declaration["stages"][2]["onFailure"]
    action(declaration, TEST)["actionTypeId"] = action_type("Test", "CodeBuild")
    action(declaration, TEST)["configuration"] = {"ProjectName": "p"}
    del action(declaration, TEST)["commands"]


def rollback_in_parallel(declaration: Declaration) -> None:
    declaration["executionMode"] = "PARALLEL"


def a_skip_by_alarm(declaration: Declaration) -> None:
    rule(declaration)["ruleTypeId"]["provider"] = "CloudWatchAlarm"
    rule(declaration)["configuration"] = {"AlarmName": "a"}


def a_rollback_before_entry(declaration: Declaration) -> None:
    condition(declaration)["result"] = "ROLLBACK"


def two_conditions(declaration: Declaration) -> None:
    declaration["stages"][2]["beforeEntry"]["conditions"] *= 2


def a_retry_that_never_happens(declaration: Declaration) -> None:
    declaration["stages"][2]["onFailure"]["retryConfiguration"] = {"retryMode": "ALL_ACTIONS"}


def an_unknown_rule(declaration: Declaration) -> None:
    rule(declaration)["ruleTypeId"]["provider"] = "VariableChek"


def two_rules_of_one_name(declaration: Declaration) -> None:
    condition(declaration)["rules"] *= 2


def notify(declaration: Declaration, **rule: Any) -> None:
    good = {
        "target": "arn:aws:sns:eu-west-1:123456789012:releases",
        "events": ["codepipeline-pipeline-pipeline-execution-failed"],
    }
    declaration.setdefault("airflow", {})["notifications"] = [good, good | rule]


def an_event_type_without_its_prefix(declaration: Declaration) -> None:
    notify(declaration, events=["codepipeline-pipeline-stage-execution-failed", "pipeline-execution-failed"])


def a_notification_of_nothing(declaration: Declaration) -> None:
    notify(declaration, events=[])


def a_chat_for_a_topic(declaration: Declaration) -> None:
    notify(declaration, target="arn:aws:chatbot::123456789012:chat-configuration/slack-channel/releases")


def a_commit_status_of_a_build(declaration: Declaration) -> None:
    declaration["stages"][1]["actions"][0]["airflow"] = {"commit_status": True, "git_conn_id": "github"}


def a_commit_status_without_a_token(declaration: Declaration) -> None:
    source = declaration["stages"][0]["actions"][0]
    source["actionTypeId"] = {"category": "Source", "owner": "Custom", "provider": "Git", "version": "1"}
    source["configuration"] = {"RepositoryUrl": "https://git.example.com/app", "BranchName": "main"}
    source["airflow"] = {"commit_status": True}


def no_execution_at_once(declaration: Declaration) -> None:
    declaration["airflow"]["max_active_runs"] = 0


def fewer_tries_than_one(declaration: Declaration) -> None:
    declaration["stages"][1]["actions"][0]["airflow"] = {"retries": -1}


def a_pause_that_ends_before_it_begins(declaration: Declaration) -> None:
    declaration["stages"][1]["actions"][0]["airflow"] = {"retries": 1, "retry_delay": -5}


def read_from(declaration: Declaration, url: str) -> None:
    source = declaration["stages"][0]["actions"][0]
    source["actionTypeId"] |= {"owner": "Custom", "provider": "Git"}
    source["configuration"] = {"RepositoryUrl": url, "BranchName": "main"}


def a_repository_without_a_server(declaration: Declaration) -> None:
    read_from(declaration, "git@example.com:team/app.git")


BROKEN = [
    (no_stages, "CP201", "stages"),
    (only_the_sources, "CP202", "stages"),
    (build_among_the_sources, "CP203", "stages[0].actions[1].actionTypeId.category"),
    (source_in_the_build_stage, "CP204", "stages[1].actions[1].actionTypeId.category"),
    (only_the_sources, "CP205", "stages"),
    (a_stage_without_actions, "CP206", "stages[3].actions"),
    (two_stages_of_one_name, "CP207", "stages[2].name"),
    (two_actions_of_one_name, "CP208", "stages[1].actions[1].name"),
    (an_approval_among_the_sources, "CP209", "stages[0].actions[1].actionTypeId.category"),
    (no_store, "CP210", ""),
    (both_kinds_of_store, "CP210", "artifactStores"),
    (no_role, "CP211", ""),
    (a_region_without_a_store, "CP212", "stages[2].actions[1].region"),
    (two_regions_and_one_store, "CP212", "stages[2].actions[1].region"),
    (a_source_elsewhere, "CP213", "stages[0].actions[0].region"),
    (a_name_with_a_space, "CP220", "stages[2].actions[1].name"),
    (a_text_that_is_too_long, "CP221", "stages[2].actions[0].configuration.CustomData"),
    (no_time_at_all, "CP222", "stages[2].actions[0].timeoutInMinutes"),
    (a_sentence_as_schedule, "CP223", "airflow.schedule"),
    (a_weekday_that_there_is_not, "CP223", "airflow.schedule"),
    (a_step_of_nothing, "CP223", "airflow.schedule.cron"),
    (the_30th_of_february, "CP223", "airflow.schedule"),
    (a_schedule_with_years, "CP223", "airflow.schedule"),
    (a_schedule_with_a_required_variable, "CP224", "variables[0]"),
    (catching_up_from_nowhere, "CP225", "airflow.catchup"),
    (no_calendar_time_beside_assets, "CP223", "airflow.schedule.cron"),
    (a_time_beside_nothing, "CP226", "airflow.schedule"),
    (a_timetable_beside_a_cron_expression, "CP226", "airflow.schedule.timetable"),
    (arguments_of_nothing, "CP226", "airflow.schedule.arguments"),
    (a_timetable_without_a_module, "CP226", "airflow.schedule.timetable"),
    (a_city_that_there_is_not, "CP227", "airflow.timezone"),
    (no_assets, "CP228", "airflow.schedule.assets"),
    (any_and_all_at_once, "CP228", "airflow.schedule.assets.all[1]"),
    (half_an_asset, "CP228", "airflow.schedule.assets[0]"),
    (an_asset_without_a_name, "CP229", "airflow.schedule.assets.any[1]"),
    (an_asset_of_airflow_itself, "CP229", "stages[2].airflow.outlets[0]"),
    (an_asset_updated_twice, "CP229", "stages[2].airflow.outlets[1]"),
    (a_pipeline_that_starts_itself, "CP233", "stages[2].airflow.outlets[0]"),
    (approvers_of_a_build, "CP230", "stages[1].actions[0].airflow.approvers"),
    (more_approvals_than_approvers, "CP231", "stages[2].actions[0].airflow.approvers.required"),
    (no_approval_at_all, "CP231", "airflow.approvers.required"),
    (an_empty_list_of_approvers, "CP232", "stages[2].actions[0].airflow.approvers.users"),
    (an_approver_without_a_name, "CP232", "stages[2].actions[0].airflow.approvers.roles[1]"),
    (an_approver_twice, "CP232", "airflow.approvers.users[1]"),
    (no_execution_at_once, "CP234", "airflow.max_active_runs"),
    (fewer_tries_than_one, "CP234", "stages[1].actions[0].airflow.retries"),
    (a_pause_that_ends_before_it_begins, "CP234", "stages[1].actions[0].airflow.retry_delay"),
    (a_variable_that_no_change_has, "CP235", "variables[0]"),
    (a_misspelled_provider, "CP301", "stages[1].actions[0].actionTypeId.provider"),
    (an_unknown_partner, "CP302", "stages[1].actions[1].actionTypeId.provider"),
    (no_project, "CP303", "stages[1].actions[0].configuration"),
    (no_operator, "CP303", "stages[2].beforeEntry.conditions[0].rules[0].configuration"),
    (a_misspelled_key, "CP304", "stages[1].actions[0].configuration.BatchEnable"),
    (a_key_of_nothing, "CP305", "stages[1].actions[0].configuration.Zzz"),
    (a_value_that_is_not_listed, "CP306", "stages[2].actions[1].configuration.Extract"),
    (a_masked_token, "CP307", "stages[0].actions[0].configuration.OAuthToken"),
    (no_key_to_write_to, "CP308", "stages[2].actions[1].configuration"),
    (no_primary_source, "CP308", "stages[1].actions[0].configuration"),
    (no_template, "CP308", "stages[2].actions[1].configuration"),
    (two_inputs_for_s3, "CP309", "stages[2].actions[1].inputArtifacts"),
    (an_approval_that_writes, "CP310", "stages[2].actions[0].outputArtifacts"),
    (no_commands, "CP311", "stages[1].actions[1]"),
    (commands_for_s3, "CP312", "stages[2].actions[1].commands"),
    (a_repository_without_a_server, "CP313", "stages[0].actions[0].configuration.RepositoryUrl"),
    (an_artifact_written_twice, "CP401", "stages[0].actions[1].outputArtifacts[0].name"),
    (an_input_from_nowhere, "CP402", "stages[2].actions[1].inputArtifacts[0].name"),
    (an_input_from_beside, "CP403", "stages[1].actions[1].inputArtifacts[0].name"),
    (a_primary_source_that_is_no_input, "CP404", "stages[1].actions[0].configuration.PrimarySource"),
    (a_namespace_twice, "CP501", "stages[2].actions[0].namespace"),
    (a_reserved_namespace, "CP502", "stages[2].actions[0].namespace"),
    (a_namespace_like_an_artifact, "CP503", "stages[2].actions[0].namespace"),
    (a_variable_twice, "CP504", "variables[1].name"),
    (a_reference_to_nobody, "CP505", "stages[2].actions[1].configuration.ObjectKey"),
    (a_reference_from_beside, "CP506", "stages[2].actions[1].configuration.ObjectKey"),
    (a_key_that_s3_does_not_emit, "CP507", "stages[2].actions[1].configuration.ObjectKey"),
    (an_undeclared_variable, "CP507", "stages[2].actions[1].configuration.ObjectKey"),
    (a_reference_in_a_source, "CP508", "stages[0].actions[0].configuration.S3ObjectKey"),
    (a_reference_in_a_region, "CP509", "stages[2].actions[1].region"),
    (half_a_reference, "CP510", "stages[2].actions[1].configuration.ObjectKey"),
    (a_trigger_without_a_connection, "CP601", "triggers[0].gitConfiguration.sourceActionName"),
    (two_triggers, "CP602", "triggers[1]"),
    (tags_with_branches, "CP603", "triggers[0].gitConfiguration.push[0]"),
    (
        a_pattern_that_is_never_closed,
        "CP604",
        "triggers[0].gitConfiguration.push[0].branches.excludes[1]",
    ),
    (
        a_brace_in_a_brace,
        "CP604",
        "triggers[0].gitConfiguration.pullRequest[0].filePaths.includes[0]",
    ),
    (an_old_type, "CP701", "variables"),
    (rollback_in_parallel, "CP702", "stages[2].onFailure.result"),
    (a_skip_by_alarm, "CP703", "stages[2].beforeEntry.conditions[0].rules[0].ruleTypeId.provider"),
    (a_rollback_before_entry, "CP704", "stages[2].beforeEntry.conditions[0].result"),
    (two_conditions, "CP705", "stages[2].beforeEntry.conditions"),
    (a_retry_that_never_happens, "CP706", "stages[2].onFailure.retryConfiguration"),
    (an_unknown_rule, "CP707", "stages[2].beforeEntry.conditions[0].rules[0].ruleTypeId.provider"),
    (two_rules_of_one_name, "CP708", "stages[2].beforeEntry.conditions[0].rules[1].name"),
    (an_event_type_without_its_prefix, "CP801", "airflow.notifications[1].events[1]"),
    (a_notification_of_nothing, "CP801", "airflow.notifications[1].events"),
    (a_chat_for_a_topic, "CP802", "airflow.notifications[1].target"),
    (a_commit_status_of_a_build, "CP803", "stages[1].actions[0].airflow.commit_status"),
    (a_commit_status_without_a_token, "CP803", "stages[0].actions[0].airflow.commit_status"),
]


@pytest.mark.parametrize(
    ("break_it", "identifier", "path"),
    [pytest.param(*case, id=f"{case[1]}-{case[0].__name__}") for case in BROKEN],
)
def test_a_declaration_broken_in_one_place_gives_the_finding_there(
    break_it: Callable[[Declaration], None], identifier: str, path: str, web_shop, examined
):
    break_it(web_shop)

    found = [finding for finding in examined(web_shop).findings if finding.id == identifier]

    assert [finding.path for finding in found] == [path]
    assert found[0].line >= 1
    assert found[0].message.endswith(".")


def test_a_good_declaration_has_no_findings(web_shop, examined):
    assert examined(web_shop).findings == ()


def test_the_result_of_a_retry_may_stand_in_its_condition(web_shop, examined):
    rules = condition(web_shop)["rules"]
    web_shop["stages"][2]["onFailure"] = {
        "retryConfiguration": {"retryMode": "ALL_ACTIONS"},
        "conditions": [{"result": "RETRY", "rules": rules}],
    }

    assert examined(web_shop).findings == ()


def test_every_check_has_a_case():
    assert {check.kind.id for check in registry.CHECKS} == {identifier for _, identifier, _ in BROKEN}


def test_every_kind_of_finding_has_an_id_of_its_own():
    ids = [kind.id for kind in documented.kinds()]

    assert len(ids) == len(set(ids))


def test_the_page_of_the_findings_is_up_to_date():
    page = Path(__file__).parents[3] / "docs" / "checks.md"

    assert page.read_text() == documented.page(), (
        "write airflow_codepipeline.definition.documented.page() to it"
    )


def test_a_misspelled_provider_is_answered_with_the_nearest(web_shop, examined):
    a_misspelled_provider(web_shop)

    [finding] = [finding for finding in examined(web_shop).findings if finding.id == "CP301"]

    assert finding.suggestion == "Did you mean 'CodeBuild'?"


def test_a_variable_in_place_of_a_listed_value_is_left_to_the_run(web_shop, examined):
    configuration(web_shop, PUBLISH)["Extract"] = "#{variables.Environment}"

    assert examined(web_shop).findings == ()


def test_an_artifact_that_no_input_is_does_no_harm_where_it_is_not_read(web_shop, examined):
    action(web_shop, BUILD).update(inputArtifacts=[{"name": "SourceOutput"}])
    configuration(web_shop, BUILD)["PrimarySource"] = "Elsewhere"
    action(web_shop, PUBLISH).update(
        actionTypeId=action_type("Deploy", "CloudFormation"),
        inputArtifacts=[],
        configuration={
            "ActionMode": "CHANGE_SET_EXECUTE",
            "StackName": "shop",
            "ChangeSetName": "next",
            "TemplatePath": "Elsewhere::stack.yaml",
        },
    )

    assert [finding for finding in examined(web_shop).findings if finding.id == "CP404"] == []


def test_an_event_type_without_its_prefix_is_answered_with_the_whole(web_shop, examined):
    an_event_type_without_its_prefix(web_shop)

    [finding] = [finding for finding in examined(web_shop).findings if finding.id == "CP801"]

    assert finding.suggestion == "Did you mean 'codepipeline-pipeline-pipeline-execution-failed'?"


@pytest.mark.parametrize(
    "url", ["https://[bad/app.git", "file:///srv/app.git", "https://exa mple/a", "https:///a"]
)
def test_what_git_is_never_given_is_no_address_of_a_repository(url, web_shop, examined):
    read_from(web_shop, url)

    [finding] = [finding for finding in examined(web_shop).findings if finding.id == "CP313"]

    assert repr(url) in finding.message


@pytest.mark.parametrize(
    "url", ["https://me:secret-42@example.com/app.git", "https://example.com/app.git?token=secret-42"]
)
def test_the_secret_in_the_address_of_a_repository_is_not_printed(url, web_shop, examined):
    read_from(web_shop, url)

    [finding] = [finding for finding in examined(web_shop).findings if finding.id == "CP313"]

    assert "secret-42" not in str(finding)


def test_the_address_of_a_repository_may_be_of_any_server(web_shop, examined):
    read_from(web_shop, "http://127.0.0.1:4566/git/team/app.git")

    assert "CP313" not in {finding.id for finding in examined(web_shop).findings}


@pytest.mark.parametrize(
    ("provider", "configuration", "starts"),
    [
        ("S3", {"S3Bucket": "b", "S3ObjectKey": "k"}, True),
        ("S3", {"S3Bucket": "b", "S3ObjectKey": "k", "PollForSourceChanges": "False"}, False),
        ("CodeStarSourceConnection", {"BranchName": "main"}, True),
        ("CodeStarSourceConnection", {"BranchName": "main", "DetectChanges": "false"}, False),
        ("ECR", {"RepositoryName": "shop"}, False),
    ],
)
def test_a_variable_needs_a_default_where_a_source_starts_the_pipeline_by_itself(
    web_shop, examined, provider, configuration, starts
):
    action(web_shop, CODE).update(actionTypeId=action_type("Source", provider), configuration=configuration)
    action(web_shop, IMAGE).update(actionTypeId=action_type("Source", "ECR"))
    del web_shop["variables"][0]["defaultValue"]

    assert ("CP235" in {finding.id for finding in examined(web_shop).findings}) is starts
