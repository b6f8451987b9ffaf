from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from embedded_aws.codepipeline.notices import JobDocument, Notices, named_in
from embedded_aws.gateway.scope import Scope, scope_of

if TYPE_CHECKING:
    from pathlib import Path

JOB = str(uuid.uuid4())


def test_the_scope_of_a_signed_request_is_in_its_header() -> None:
    header = (
        "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=0"
    )
    assert scope_of("", {"Authorization": header}) == Scope(
        access_key="AKID", region="eu-west-1", service="s3"
    )


def test_the_scope_of_a_presigned_request_is_in_its_query() -> None:
    query = "X-Amz-Credential=AKID%2F20260101%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Expires=1"
    assert scope_of(query, {}) == Scope(access_key="AKID", region="eu-west-1", service="s3")


def test_an_unsigned_request_has_no_service() -> None:
    assert scope_of("", {}) == Scope(access_key="", region="us-east-1", service="")


def test_a_job_document_is_noticed_by_its_key() -> None:
    found = named_in(f"/store/a%20b/jobs/{JOB}.json", account="1", region="r")
    assert found == JobDocument(job=JOB, bucket="store", key=f"a b/jobs/{JOB}.json", account="1", region="r")
    assert named_in(f"/store/jobs/{JOB}.json?x-id=PutObject", account="1", region="r") is not None


def test_other_objects_are_not() -> None:
    for path in (f"/store/jobs/{JOB}.txt", "/store/jobs/x.json", f"/store/notjobs/{JOB}.json",
                 f"/store/jobs/{JOB}.json?uploadId=1"):  # fmt: skip
        assert named_in(path, account="1", region="r") is None


def test_a_noticed_job_is_remembered_by_the_next_gateway(tmp_path: Path) -> None:
    document = JobDocument(job=JOB, bucket="b", key="k", account="1", region="r")
    first = Notices(tmp_path)
    first.remember(document)
    first.close()
    second = Notices(tmp_path)
    assert second.find(JOB) == document
    assert second.find(str(uuid.uuid4())) is None
    second.close()
