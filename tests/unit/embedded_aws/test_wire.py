from __future__ import annotations

import json

import pytest

from embedded_aws.errors import ServiceError
from embedded_aws.protocol import wire
from embedded_aws.protocol.cbor import decode, encode
from embedded_aws.protocol.model import check_input, conform, decode_blobs, operation_model

JSON = wire.Target(prefix="CodeBuild_20161006", operation="StartBuild", cbor=False)
CBOR = wire.Target(prefix="CodeBuild_20161006", operation="StartBuild", cbor=True)


@pytest.mark.parametrize(
    ("path", "headers", "target"),
    [
        ("/", {"X-Amz-Target": "CodeBuild_20161006.StartBuild"}, JSON),
        ("/service/CodeBuild_20161006/operation/StartBuild", {}, CBOR),
        ("/bucket/service/x/operation/y", {}, None),
        ("/", {}, None),
    ],
)
def test_the_operation_is_named_by_a_header_or_by_the_path(
    path: str, headers: dict[str, str], target: wire.Target | None
) -> None:
    assert wire.target_of(path, headers) == target


def test_parameters_are_read_in_both_protocols() -> None:
    assert wire.read(JSON, b'{"a": 1}') == wire.read(CBOR, encode({"a": 1})) == {"a": 1}
    assert wire.read(JSON, b"") == {}


@pytest.mark.parametrize(("target", "body"), [(JSON, b"{"), (JSON, b"[]"), (CBOR, b"\xff"), (CBOR, b"\x01")])
def test_a_body_that_is_no_object_is_an_error_of_the_caller(target: wire.Target, body: bytes) -> None:
    with pytest.raises(ServiceError) as raised:
        wire.read(target, body)
    assert (raised.value.code, raised.value.status) == ("SerializationException", 400)


def test_an_error_has_its_code_in_both_protocols() -> None:
    error = ServiceError("ResourceNotFoundException", "no")
    expected = {"__type": "ResourceNotFoundException", "message": "no"}
    assert json.loads(wire.failure(JSON, error).body) == expected
    assert decode(wire.failure(CBOR, error).body) == expected


def test_times_are_numbers_in_json() -> None:
    shape = operation_model("codebuild", "BatchGetBuilds").output_shape
    document = conform({"builds": [{"startTime": 1.25, "unknown": 1}]}, shape)
    assert json.loads(wire.success(JSON, document).body) == {"builds": [{"startTime": 1.25}]}


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, "projectName"),
        ({"projectName": 1}, "projectName"),
        ({"projectName": "p", "timeoutInMinutesOverride": 1}, "timeoutInMinutesOverride"),
        (
            {"projectName": "p", "secondarySourcesOverride": [{"type": "FTP"}]},
            "secondarySourcesOverride[0].type",
        ),
    ],
)
def test_input_the_model_refuses_is_refused_with_the_member(
    parameters: dict[str, object], named: str
) -> None:
    with pytest.raises(ServiceError) as raised:
        check_input(operation_model("codebuild", "StartBuild"), parameters, "InvalidInputException")
    assert raised.value.code == "InvalidInputException"
    assert named in raised.value.message


def test_an_operation_the_model_does_not_have_is_unknown() -> None:
    with pytest.raises(ServiceError, match="UnknownOperationException"):
        operation_model("codebuild", "Nothing")


def test_a_service_whose_name_has_dots_is_found_in_a_path() -> None:
    target = wire.target_of(
        "/service/com.amazonaws.codeconnections.CodeConnections_20231201/operation/GetConnection", {}
    )
    assert target is not None
    assert target.prefix == "com.amazonaws.codeconnections.CodeConnections_20231201"
    assert target.operation == "GetConnection"


def test_blobs_come_in_base64_in_json() -> None:
    shape = operation_model("codecommit", "PutFile").input_shape
    assert decode_blobs({"fileContent": "aGVsbG8=", "filePath": "aGVsbG8="}, shape) == {
        "fileContent": b"hello",
        "filePath": "aGVsbG8=",
    }
    with pytest.raises(ServiceError, match="not in base64"):
        decode_blobs({"fileContent": "no base64"}, shape)
