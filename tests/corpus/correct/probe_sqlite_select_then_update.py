"""A database in memory, one connection: one statement changes the value by a difference."""

import sqlite3

import pytest


@pytest.fixture
def db():
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    connection.execute("create table stock (name text, amount integer)")
    connection.execute("insert into stock values ('tea', 10)")
    yield connection
    connection.close()


def sell(db, amount):
    db.execute("update stock set amount = amount - ? where name = 'tea'", (amount,))


def test_stock(thread_runner, db):
    thread_runner.run(lambda: sell(db, 3), lambda: sell(db, 4))
    assert db.execute("select amount from stock").fetchone() == (3,)
