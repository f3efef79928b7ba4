"""Values of controlled processes as text."""

from __future__ import annotations

import struct

import pytest

from pytest_concurrency.runners.processes.controlled.values import shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (b"", "nothing"),
        (b'{"n": 1}\n', '{"n": 1}'),
        ("größe".encode(), "größe"),
        (struct.pack("i", 3), r"b'\x03\x00\x00\x00'"),
        (memoryview(b"\x1b[31m"), r"b'\x1b[31m'"),
        (b"\xff\xfe", r"b'\xff\xfe'"),
        ("", ""),
        (7, "7"),
    ],
)
def test_what_is_shown_can_be_read_on_a_terminal(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_long_value_is_cut() -> None:
    assert len(shown(bytes(100))) == 40
