"""sqlparse 0.4.4, issue 730: the shared lexer can be seen before its keywords are there."""

import pytest
import sqlparse
from sqlparse.lexer import Lexer


@pytest.fixture
def no_lexer_yet():
    for name in ("_default_intance", "_default_instance"):  # the first is how 0.4.4 spells it
        if hasattr(Lexer, name):
            setattr(Lexer, name, None)


@pytest.mark.stress_threads(include=("sqlparse",))
def test_first_statements(thread_runner, no_lexer_yet):
    kinds = thread_runner.run(lambda: sqlparse.parse("select 1")[0].get_type(), workers=2)
    assert kinds == ["SELECT", "SELECT"]
