"""sqlite3 databases in files, statement by statement."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from typing import Any

from .agent import Agent
from .patches import Patches
from .places import ACCESS, Place

_BUSY = ("database is locked", "database table is locked", "database schema is locked")
_TIMEOUT = 5.0
_READ = re.compile(r"\s*(?:SELECT|WITH)\b.*?\bFROM\s+[\"'`\[]?([\w.]+)", re.IGNORECASE | re.DOTALL)
_CHANGE = re.compile(
    r"\s*(INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM)\s+[\"'`\[]?([\w.]+)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'[^']*'")
_PLACEHOLDER = re.compile(r"\?(\d*)|[:@$](\w+)")
_UPDATE = re.compile(r"\s*UPDATE\b.*?\bSET\b(.*?)\bWHERE\b(.*)", re.IGNORECASE | re.DOTALL)


def install(agent: Agent, patches: Patches) -> None:
    """Hook ``sqlite3.connect``. They let pass what is not done by a worker."""
    original = sqlite3.connect

    def connect(database: Any, *args: Any, **kwargs: Any) -> Any:
        if not agent.here() or len(args) > 4 or "factory" in kwargs or kwargs.get("uri"):
            return original(database, *args, **kwargs)
        try:
            path = os.path.realpath(os.fsdecode(database))
        except TypeError:
            return original(database, *args, **kwargs)
        if os.fsdecode(database) in ("", ":memory:"):
            return original(database, *args, **kwargs)
        timeout = args[0] if args else kwargs.pop("timeout", _TIMEOUT)
        with agent.as_one():
            made: Any = original(database, 0.0, *args[1:], factory=SharedConnection, **kwargs)
        made.concurrency = agent, ("sqlite", path), float(timeout)
        return made

    patches.set(sqlite3, "connect", connect)
    patches.set(sqlite3.dbapi2, "connect", connect)


def table_of(sql: str) -> tuple[str, bool]:
    """Return the table that a statement is about, "" for none, and whether it changes it."""
    match = _CHANGE.match(sql)
    if match:
        return match[2].lower(), True
    match = _READ.match(sql)
    return (match[1].lower(), False) if match else ("", False)


def rows_of(sql: str, parameters: Any) -> tuple[str, str] | None:
    """Return what an UPDATE sets, and which rows it is about, both with their parameters in; None for other statements.

    Two updates of one table overwrite each other where they set the same columns of the same rows.
    """
    match = _UPDATE.match(sql)
    if match is None:
        return None
    sets, where = match[1], match[2]
    return filled(sets, parameters), filled(where, parameters, sets.count("?"))


def columns_of(sets: str) -> str:
    """Return the columns that the SET part of an UPDATE assigns, in order."""
    names, depth, name = [], 0, ""
    for letter in _QUOTED.sub("", sets):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            names.append(name)
            name = ""
        else:
            name += letter
    return ",".join(sorted(each.partition("=")[0].strip().lower() for each in (*names, name)))


def filled(sql: str, parameters: Any, skipped: int = 0) -> str:
    """Return a part of a statement with its parameters in; ``skipped``: so many stand before it."""
    named = parameters if isinstance(parameters, dict) else {}
    values = () if isinstance(parameters, dict) else list(parameters or ())
    following = iter(values[skipped:])

    def value(match: re.Match[str]) -> str:
        number, name = match[1], match[2]
        if name:
            return repr(named[name]) if name in named else match[0]
        if number:
            return repr(values[int(number) - 1]) if 0 < int(number) <= len(values) else match[0]
        return next((repr(found) for found in following), match[0])

    return " ".join(_PLACEHOLDER.sub(value, sql).split())


class SharedCursor(sqlite3.Cursor):
    """A cursor whose statements are announced."""

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        return self._run(sql, parameters, lambda: sqlite3.Cursor.execute(self, sql, parameters))

    def executemany(self, sql: str, parameters: Any, /) -> Any:
        return self._run(sql, (), lambda: sqlite3.Cursor.executemany(self, sql, parameters))

    def executescript(self, sql: str, /) -> Any:
        return self._run(sql, (), lambda: sqlite3.Cursor.executescript(self, sql))

    def _run(self, sql: str, parameters: Any, run: Any) -> Any:
        connection: Any = self.connection
        known = getattr(connection, "concurrency", None)
        if known is None or not known[0].here() or known[0].quiet:
            return run()
        agent: Agent = known[0]
        table, write = table_of(sql)
        base = known[1]
        loc = (*base, table)
        place: Place | None = None
        key: Any = loc
        value = filled(sql, parameters)[:200]
        overwrites = False
        if table:
            rows = rows_of(sql, parameters)
            if rows is not None:
                value, overwrites = f"({rows[0]})", True
                key = (*loc, rows[1], columns_of(rows[0]))
            place = agent.announce(sys._getframe(2), ACCESS, "write" if write else "read", loc, key, write=write,
                                   name=f"table {table}")  # fmt: skip
        result = attempt(connection, run)
        self.concurrency_read = (place, loc) if table and not write else None
        if write and self.rowcount == 0 and self.description is None:
            # UPDATE ... WHERE version = 3: nothing was written where another one came first.
            agent.did(place, loc, key, False, f"{value}: no row".encode(), looks=True, row_only=True)
        elif write:
            # With RETURNING nobody knows yet whether there was a row.
            overwrites = overwrites and self.description is None
            agent.did(place, loc, key, True, value.encode(), overwrites=overwrites, covers=True)
        elif table:
            agent.did(place, loc, loc, False, "", covers=True)
        return result

    def _noted(self, rows: Any) -> Any:
        known = getattr(self.connection, "concurrency", None)
        read = getattr(self, "concurrency_read", None)
        if known is not None and read is not None and known[0].here():
            known[0].did(read[0], read[1], read[1], False, rows, covers=True, again=True)
        return rows

    def fetchone(self) -> Any:
        return self._noted(sqlite3.Cursor.fetchone(self))

    def fetchall(self) -> Any:
        return self._noted(sqlite3.Cursor.fetchall(self))


def attempt(connection: Any, run: Any) -> Any:
    """Run a statement; where the database is locked, park until another worker has ended its transaction."""
    agent, base, timeout = connection.concurrency
    errors: list[sqlite3.OperationalError] = []
    results: list[Any] = []

    def once() -> bool:
        try:
            with agent.as_one():
                results.append(run())
        except sqlite3.OperationalError as error:
            if str(error) not in _BUSY:
                raise
            errors[:] = [error]
            return False
        return True

    done = agent.acquire(once, base, timeout > 0, timeout, "sqlite3")
    agent.freed(base)
    if not done:
        raise errors[0]
    return results[0]


class SharedConnection(sqlite3.Connection):
    """A connection that waits for others' transactions parked."""

    concurrency: Any = None

    def cursor(self, factory: Any = SharedCursor) -> Any:
        return sqlite3.Connection.cursor(self, factory)

    def execute(self, sql: str, parameters: Any = (), /) -> Any:
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> Any:
        return self.cursor().executemany(sql, parameters)

    def executescript(self, sql: str, /) -> Any:
        return self.cursor().executescript(sql)

    def _ended(self, run: Any) -> Any:
        if self.concurrency is None or not self.concurrency[0].here():
            return run()
        return attempt(self, run)

    def commit(self) -> None:
        self._ended(lambda: sqlite3.Connection.commit(self))

    def rollback(self) -> None:
        self._ended(lambda: sqlite3.Connection.rollback(self))

    def close(self) -> None:
        self._ended(lambda: sqlite3.Connection.close(self))

    def __exit__(self, kind: Any, value: Any, traceback: Any) -> Any:
        if kind is None:
            try:
                self.commit()
            except BaseException:
                self.rollback()
                raise
        else:
            self.rollback()
        return False
