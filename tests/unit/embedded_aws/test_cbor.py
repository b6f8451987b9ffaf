from __future__ import annotations

import struct

import pytest
from botocore.parsers import create_parser
from hypothesis import given
from hypothesis import strategies as st

from embedded_aws.protocol.cbor import decode, encode
from embedded_aws.protocol.timestamp import Timestamp

values = (
    st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary()
)


def nested(leaves: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.recursive(
        leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
    )


@given(nested(values | st.none()))
def test_what_is_encoded_is_decoded(document: object) -> None:
    assert decode(encode(document)) == document


@given(nested(values))  # botocore leaves out members that are null
def test_botocore_reads_what_is_encoded(document: object) -> None:
    parser = create_parser("smithy-rpc-v2-cbor")
    stream = parser.get_peekable_stream_from_bytes(encode({"value": document}))
    assert parser.parse_data_item(stream) == {"value": document}


def test_a_timestamp_is_tagged() -> None:
    assert encode(Timestamp(1.5)) == b"\xc1\xfb" + struct.pack(">d", 1.5)


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ("9f01ff", [1]),
        ("bf616101ff", {"a": 1}),
        ("7f61616162ff", "ab"),
        ("5f4101ff", b"\x01"),
        ("f93c00", 1.0),
        ("fa3f800000", 1.0),
        ("c11a00000001", 1),
        ("f7", None),
    ],
)
def test_other_encodings_of_the_same_are_read(document: str, value: object) -> None:
    assert decode(bytes.fromhex(document)) == value


@pytest.mark.parametrize(
    "document", ["", "18", "8201", "ff", "81ff", "1c", "f8ff", "bf01ff", "1f", "81" * 100 + "01"]
)
def test_what_is_no_document_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(bytes.fromhex(document))
