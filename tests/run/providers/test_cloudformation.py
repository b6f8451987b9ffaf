"""A CloudFormation action against an AWS that answers over HTTP and really runs what it is asked to."""

from __future__ import annotations

import json
import uuid

import pytest

from airflow_codepipeline.actions.registry import open_session
from airflow_codepipeline.errors import ActionError
from fixtures.world import carry_out

pytestmark = pytest.mark.slow


class TestCloudFormation:
    @pytest.fixture
    def stack(self) -> str:
        return f"stack-{uuid.uuid4().hex[:8]}"

    def template(self, delay: int, padding: int = 0) -> str:
        queue = {"QueueName": {"Ref": "Name"}, "DelaySeconds": delay}
        return json.dumps(
            {
                "Metadata": {"padding": "x" * padding},
                "Parameters": {"Name": {"Type": "String"}},
                "Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": queue}},
                "Outputs": {"Url": {"Value": {"Ref": "Queue"}}},
            }
        )

    def action(self, world, mode, stack, *, delay=1, padding=0, outputs=(), template=None, **configuration):
        artifact = world.artifact(
            **{
                "t.json": template or self.template(delay, padding),
                "c.json": json.dumps({"Parameters": {"Name": "ignored"}, "Tags": {"team": "web"}}),
                "p.json": json.dumps({"Name": stack}),
            }
        )
        configuration |= {
            "ActionMode": mode,
            "StackName": stack,
            "TemplatePath": "In::t.json",
            "TemplateConfiguration": "In::c.json",
            "ParameterOverrides": '{"Name": {"Fn::GetParam": ["In", "p.json", "Name"]}}',
        }
        return world.attempt("Deploy/CloudFormation", configuration, inputs=[artifact], outputs=outputs)

    def delay(self, world, outputs) -> str:
        attributes = world.client("sqs").get_queue_attributes(
            QueueUrl=outputs.variables["Url"], AttributeNames=["DelaySeconds"]
        )
        return attributes["Attributes"]["DelaySeconds"]

    def test_a_stack_is_created_updated_left_alone_and_deleted(self, world, stack):
        context = self.action(world, "CREATE_UPDATE", stack, outputs=("Out",), OutputFileName="o.json")
        created = carry_out(context)
        written = json.loads(open_session(context).read_file(created.artifacts[0], "o.json"))
        assert written == created.variables
        assert carry_out(context).variables == created.variables
        updated = carry_out(self.action(world, "CREATE_UPDATE", stack, delay=2, padding=60_000))
        assert self.delay(world, updated) == "2"
        assert carry_out(self.action(world, "CREATE_UPDATE", stack, delay=2, padding=60_000)) == updated
        for _ in range(2):
            carry_out(self.action(world, "DELETE_ONLY", stack))

    def test_a_change_set_is_prepared_replaced_and_executed(self, world, stack):
        for delay in (3, 4):
            carry_out(self.action(world, "CHANGE_SET_REPLACE", stack, delay=delay, ChangeSetName="changes"))
        execute = self.action(world, "CHANGE_SET_EXECUTE", stack, ChangeSetName="changes")
        assert self.delay(world, carry_out(execute)) == "4"
        carry_out(execute)
        carry_out(self.action(world, "CHANGE_SET_REPLACE", stack, delay=4, ChangeSetName="changes"))
        carry_out(self.action(world, "CHANGE_SET_EXECUTE", stack, ChangeSetName="changes"))

    def test_a_stack_that_failed_says_why_and_is_replaced(self, world, stack):
        queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q.fifo", "FifoQueue": False}}
        broken = json.dumps({"Parameters": {"Name": {"Type": "String"}}, "Resources": {"Broken": queue}})
        with pytest.raises(ActionError, match=r"ROLLBACK_COMPLETE. Broken \(AWS::SQS::Queue\): "):
            carry_out(self.action(world, "CREATE_UPDATE", stack, template=broken))
        with pytest.raises(ActionError, match="ValidationError"):
            carry_out(self.action(world, "CREATE_UPDATE", stack))
        assert self.delay(world, carry_out(self.action(world, "REPLACE_ON_FAILURE", stack))) == "1"
