"""What is told of values, without running the program's own code, and which of them surely differ."""

from __future__ import annotations

import datetime
import enum
from collections import deque
from decimal import Decimal
from typing import Any

import pytest

from pytest_concurrency.runtime.values import Reference, differs, remember, show


class Status(enum.Enum):
    NEW = 1
    PAID = 2

    def __repr__(self) -> str:
        raise AssertionError

    def __eq__(self, other: object) -> bool:
        raise AssertionError

    __hash__ = enum.Enum.__hash__


class Permission(enum.Flag):
    READ = 1
    WRITE = 2


class Meta(type):
    def __repr__(cls) -> str:
        raise AssertionError


class Registry(metaclass=Meta):
    pass


def handler() -> None:
    pass


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Status.NEW, "Status.NEW"),
        (Permission.READ | Permission.WRITE, "Permission.READ|WRITE"),
        (Permission(0), "Permission(0)"),
        ((Status.NEW, 1), "(Status.NEW, 1)"),
        ({"a": Status.PAID}, "{'a': Status.PAID}"),
        (Registry, "<class Registry>"),
        (Registry(), "<Registry>"),
        (handler, "<function handler>"),
        (Decimal("1.50"), "Decimal('1.50')"),
        (datetime.date(2024, 1, 2), "datetime.date(2024, 1, 2)"),
        (datetime.timedelta(seconds=3), "datetime.timedelta(seconds=3)"),
        (deque([1, 2], maxlen=3), "deque([1, 2], maxlen=3)"),
        (deque(range(9)), "<deque of 9>"),
    ],
)
def test_shown(value: Any, text: str) -> None:
    assert show(value) == text
    if not isinstance(value, deque | dict):
        assert show(remember(value)) == text


def test_members_of_enumerations_are_told_apart_by_identity() -> None:
    assert remember(Status.NEW) is Status.NEW
    assert differs(Status.NEW, Status.PAID)
    assert not differs(Permission.READ, Permission(1))
    assert differs((Status.NEW, 1), (Status.PAID, 1))
    assert not differs((Status.NEW, 1), (Status.NEW, 1))


def test_decimals_that_cannot_be_compared_are_told_apart_by_identity() -> None:
    assert not differs(Decimal("1.0"), Decimal(1))
    assert isinstance(remember(Decimal("sNaN")), Reference)
    assert differs(Decimal("sNaN"), Decimal(1))


def test_long_values_show_their_beginning_and_their_end():
    assert show("x" * 38) == repr("x" * 38)
    assert show("a" * 30 + "b" * 30) == f"'{'a' * 26}...{'b' * 9}'"
    assert len(show(tuple(range(10**6, 10**6 + 8)))) == 40
