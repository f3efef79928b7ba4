"""A database in memory, one connection: a select, then an update that says the new value."""

import sqlite3

import pytest

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


@pytest.fixture
def db():
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    connection.execute("create table stock (name text, amount integer)")
    connection.execute("insert into stock values ('tea', 10)")
    yield connection
    connection.close()


def sell(db, amount):
    (left,) = db.execute("select amount from stock where name = 'tea'").fetchone()  # BUG
    db.execute("update stock set amount = ? where name = 'tea'", (left - amount,))  # BUG


def test_stock(thread_runner, db):
    thread_runner.run(lambda: sell(db, 3), lambda: sell(db, 4))
    assert db.execute("select amount from stock").fetchone() == (3,)
