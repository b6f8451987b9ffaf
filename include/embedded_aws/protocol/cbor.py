"""Concise Binary Object Representation (RFC 8949), as far as smithy-rpc-v2-cbor uses it."""

from __future__ import annotations

import struct
from typing import Any

from embedded_aws.protocol.timestamp import Timestamp

_BREAK = object()
_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_INDEFINITE = 31
_EPOCH_TAG = 1
_DEEPEST = 64


def encode(value: Any) -> bytes:
    """`value` of dictionaries, lists, texts, bytes, numbers, booleans, None and Timestamps."""
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, Timestamp):
        return _head(6, _EPOCH_TAG) + b"\xfb" + struct.pack(">d", value.seconds)
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    return _encode_sized(value)


def _encode_sized(value: Any) -> bytes:
    if isinstance(value, str):
        text = value.encode()
        return _head(3, len(text)) + text
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, list | tuple):
        return _head(4, len(value)) + b"".join(map(encode, value))
    return _head(5, len(value)) + b"".join(encode(key) + encode(item) for key, item in value.items())


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for info, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if number < 1 << (8 * struct.calcsize(form)):
            return bytes([major << 5 | info]) + struct.pack(form, number)
    raise ValueError(f"{number} does not fit CBOR's 64 bits")


def decode(document: bytes) -> Any:
    """The value in `document`.

    :raises ValueError: it is cut off, nested too deeply, or holds what this protocol does not use.
    """
    reader = _Reader(document)
    value = reader.value(0)
    if value is _BREAK:
        raise ValueError("a break code outside an indefinite item")
    return value


class _Reader:
    def __init__(self, document: bytes) -> None:
        self._document = document
        self._position = 0

    def _take(self, count: int) -> bytes:
        taken = self._document[self._position : self._position + count]
        if len(taken) < count:
            raise ValueError("the CBOR document is cut off")
        self._position += count
        return taken

    def value(self, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError(f"the CBOR document is nested more than {_DEEPEST} deep")
        first = self._take(1)[0]
        major, info = first >> 5, first & 31
        if major == 7:
            return self._simple(info)
        if info == _INDEFINITE:
            return self._indefinite(major, depth)
        return self._definite(major, self._number(info), depth)

    def _number(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise ValueError(f"CBOR additional information {info} is reserved")
        return int.from_bytes(self._take(1 << (info - 24)), "big")

    def _simple(self, info: int) -> Any:
        if info == _INDEFINITE:
            return _BREAK
        if info in _FLOATS:
            form = _FLOATS[info]
            return struct.unpack(form, self._take(struct.calcsize(form)))[0]
        if info not in _SIMPLE:
            raise ValueError(f"CBOR simple value {info} is not used by this protocol")
        return _SIMPLE[info]

    def _definite(self, major: int, number: int, depth: int) -> Any:
        if major in (0, 1):
            return -1 - number if major else number
        if major in (2, 3):
            taken = self._take(number)
            return taken if major == 2 else taken.decode()
        if major == 4:
            return [self._item(depth) for _ in range(number)]
        if major == 5:
            return {self._item(depth): self._item(depth) for _ in range(number)}
        return self._item(depth)

    def _item(self, depth: int) -> Any:
        item = self.value(depth + 1)
        if item is _BREAK:
            raise ValueError("a break code inside a definite item")
        return item

    def _indefinite(self, major: int, depth: int) -> Any:
        items = []
        while (item := self.value(depth + 1)) is not _BREAK:
            items.append(item)
        if major == 2:
            return b"".join(items)
        if major == 3:
            return "".join(items)
        if major == 4:
            return items
        if major == 5 and len(items) % 2 == 0:
            return dict(zip(items[::2], items[1::2], strict=True))
        raise ValueError(f"CBOR major type {major} cannot be indefinite")
