"""AWS's own model of a pipeline against ours: what AWS adds breaks a test, not a user."""

from __future__ import annotations

from typing import Any

import botocore.session
import msgspec
import pytest

from airflow_codepipeline.definition.limits import LIMITS, Limit
from airflow_codepipeline.definition.model import Pipeline

OURS = {"airflow"}


@pytest.fixture(scope="module")
def declaration():
    return botocore.session.Session().get_service_model("codepipeline").shape_for("PipelineDeclaration")


def struct_of(kind: Any) -> type[msgspec.Struct] | None:
    """Return the model inside a field's type, or none where the type has none."""
    if isinstance(kind, msgspec.inspect.StructType):
        return kind.cls
    for name in ("types", "item_type", "value_type"):
        inner = getattr(kind, name, ())
        for item in inner if isinstance(inner, tuple) else (inner,):
            found = struct_of(item)
            if found is not None:
                return found
    return None


def structures(shape, model=Pipeline, seen=None):
    """Yield each of AWS's structures with our model of it."""
    seen = set() if seen is None else seen
    if (shape.name, model) in seen:
        return
    seen.add((shape.name, model))
    yield shape, model
    fields = {field.encode_name: field for field in msgspec.inspect.type_info(model).fields}
    for name, member in shape.members.items():
        inner = member
        while inner.type_name in ("list", "map"):
            inner = inner.member if inner.type_name == "list" else inner.value
        if inner.type_name == "structure" and name in fields:
            yield from structures(inner, struct_of(fields[name].type), seen)


def test_every_member_is_known_and_no_other(declaration):
    for shape, model in structures(declaration):
        ours = {field.encode_name for field in msgspec.structs.fields(model)} - OURS
        theirs = set(shape.members)
        if model.__name__ in ("PushFilter", "PullRequestFilter", "Patterns"):
            assert theirs <= ours, shape.name
        else:
            assert ours == theirs, shape.name


def test_every_enumeration_is_equal(declaration):
    checked = 0
    for shape, model in structures(declaration):
        fields = {field.encode_name: field.type for field in msgspec.inspect.type_info(model).fields}
        for name, member in shape.members.items():
            theirs = getattr(member, "enum", None) or getattr(getattr(member, "member", None), "enum", None)
            if theirs:
                assert literals(fields[name]) == set(theirs), f"{shape.name}.{name}"
                checked += 1
    assert checked > 10


def literals(kind: Any) -> set[str]:
    if isinstance(kind, msgspec.inspect.LiteralType):
        return set(kind.values)
    if isinstance(kind, msgspec.inspect.UnionType):
        return set().union(*map(literals, kind.types))
    if isinstance(kind, msgspec.inspect.VarTupleType):
        return literals(kind.item_type)
    return set()


def test_what_we_require_aws_requires(declaration):
    for shape, model in structures(declaration):
        required = {field.encode_name for field in msgspec.structs.fields(model) if field.required}
        assert required <= set(shape.required_members), shape.name


def test_every_limit_and_pattern_is_aws_own(declaration):
    for shape, model in structures(declaration):
        names = {field.encode_name: field.name for field in msgspec.structs.fields(model)}
        for name, member in shape.members.items():
            ours = LIMITS.get(model, {}).get(names[name], Limit())
            where = f"{shape.name}.{name}"
            assert_limit(ours, member, where)
            if member.type_name == "list" and member.member.type_name == "string":
                assert_limit(ours.item or Limit(), member.member, where)
            if member.type_name == "map" and ours.item is not None:
                assert_limit(ours.item, member.value, where)
            if member.type_name == "map":
                assert_limit(ours.key or Limit(), member.key, where)


def assert_limit(ours: Limit, shape: Any, where: str) -> None:
    if getattr(shape, "enum", None):
        return
    stated = shape.metadata
    pattern = stated.get("pattern") if stated.get("pattern") != ".*" else None
    assert ours.pattern == pattern, where
    assert (ours.least or 0) == stated.get("min", 0), where
    # The guide limits stages and actions, the model does not.
    if where not in ("PipelineDeclaration.stages", "StageDeclaration.actions"):
        assert ours.most == stated.get("max"), where
