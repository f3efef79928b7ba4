"""What an operation is on, taken apart."""

from __future__ import annotations

import pytest

from pytest_concurrency.trace.target import Target, parts_of


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("dict['k']", Target("dict", item="'k'", has_item=True)),
        ("dict['a.b(c)[d]']", Target("dict", item="'a.b(c)[d]'", has_item=True)),
        ("list[]", Target("list", has_item=True)),
        ("dict.pop", Target("dict", member="pop")),
        ("Account.total", Target("Account", member="total")),
        ("heappop(list)", Target("list", function="heappop")),
        ("total", Target("total")),
        ("", Target("")),
    ],
)
def test_parts(text, parts):
    assert parts_of(text) == parts
