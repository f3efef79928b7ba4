"""Statements of sqlite3 as the report shows them, and as they are compared."""

from __future__ import annotations

import pytest

from pytest_concurrency.runners.processes.controlled.databases import columns_of, filled, rows_of


@pytest.mark.parametrize(
    ("sql", "parameters", "told"),
    [
        ("update stock set n = ?, by = ? where name = ?", (4, "ann", "pear"), ("n = 4, by = 'ann'", "name = 'pear'")),
        ("update stock set n = :n where name = @name", {"n": 4, "name": "pear"}, ("n = 4", "name = 'pear'")),
        ("update stock set n = ?2 where name = ?1", ("pear", 4), ("n = 4", "name = 'pear'")),
        ("update stock set n = n - 1\n  where id = 3", (), ("n = n - 1", "id = 3")),
        ("update stock set n = ? where name = ?", (4,), ("n = 4", "name = ?")),
        ("insert into stock values (?)", (4,), None),
    ],
)
def test_an_update_is_told_with_its_parameters(sql, parameters, told):
    assert rows_of(sql, parameters) == told


def test_other_statements_too():
    assert filled("insert into stock values (?, ?)", ("pear", None)) == "insert into stock values ('pear', None)"


def test_the_columns_that_an_update_sets():
    assert columns_of("n = 4, By = 'a, b = c'") == "by,n"
    assert columns_of("n = max(n, 4), by = (select a, b from c where d = 1)") == "by,n"
    assert columns_of("name = 'it''s, so', n = n + 1") == "n,name"
