"""Which containers an iterator of C code reads."""

import itertools
from collections import OrderedDict, deque

import pytest

from pytest_concurrency.runtime.containers import container_kind
from pytest_concurrency.runtime.iterators import containers_behind

NUMBERS = [1, 2, 3]
LETTERS = {"a", "b"}
TABLE = {1: [2], 2: [3]}
ORDERED = OrderedDict(a=1)
WAITING = deque([1, 2])


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: iter(NUMBERS), [NUMBERS]),
        (lambda: reversed(NUMBERS), [NUMBERS]),
        (lambda: iter(TABLE.items()), [TABLE]),
        (lambda: iter(ORDERED.values()), [ORDERED]),
        (lambda: iter(WAITING), [WAITING]),
        (lambda: itertools.chain(NUMBERS, LETTERS), [NUMBERS, LETTERS]),
        (lambda: itertools.chain((0,), TABLE.values()), [TABLE]),
        (lambda: enumerate(TABLE), [TABLE]),
        (lambda: zip(NUMBERS, TABLE.items()), [NUMBERS, TABLE]),
        (lambda: map(lambda n: TABLE, NUMBERS), [NUMBERS]),
        (lambda: filter(None, enumerate(WAITING)), [WAITING]),
        (lambda: itertools.islice(NUMBERS, 2), [NUMBERS]),
        (lambda: itertools.takewhile(bool, LETTERS), [LETTERS]),
        (lambda: (n for n in NUMBERS), []),
        (lambda: enumerate(n for n in NUMBERS), []),
        (lambda: iter(([1], [2])), []),
        (lambda: iter("text"), []),
    ],
)
@pytest.mark.parametrize("begun", [False, True])
def test_containers_behind(make, expected, begun):
    iterator = make()
    if begun:
        next(iterator)
    found = containers_behind(iterator, container_kind)
    assert sorted(map(id, found)) == sorted(map(id, expected))


def test_items_that_were_handed_out_are_not_what_is_read():
    lists = [[1], [2]]
    iterator = zip(lists, lists)
    next(iterator)
    assert [id(found) for found in containers_behind(iterator, container_kind)] == [id(lists)]


def test_a_wide_or_deep_iterator_is_let_be():
    assert containers_behind(itertools.chain(*[NUMBERS] * 100), container_kind) == ()
    deep = iter(NUMBERS)
    for _ in range(20):
        deep = enumerate(deep)
    assert containers_behind(deep, container_kind) == ()
