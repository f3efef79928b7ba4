"""Exceptions in one line."""

import pytest

from pytest_concurrency.trace.errors import LONGEST, in_a_line, told


class Speechless(Exception):
    def __str__(self):
        raise RuntimeError("half made")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError(), "ValueError"),
        (ValueError("\n "), "ValueError"),
        (ValueError("  one\ntwo"), "ValueError: one"),
        (KeyError("a"), "KeyError: 'a'"),
        (Speechless(), "Speechless: its message cannot be had (RuntimeError)"),
    ],
)
def test_an_error_is_its_kind_and_the_first_line_of_its_message(error, line):
    assert in_a_line(error) == line


def test_a_long_message_is_cut():
    assert len(told("E", "x" * 2 * LONGEST)) == len("E: ") + LONGEST
