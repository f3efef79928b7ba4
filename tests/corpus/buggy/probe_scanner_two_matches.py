"""A regular expression's scanner is drawn from twice for one pair; it has one position for all."""

import re

EXPECT = {"codes": ["CH110", "CH108", "CH102"], "max_schedule": None}


class Lexer:
    def __init__(self, text):
        self.scanner = re.compile(r"\w+").scanner(text)

    def assignment(self):
        name = self.scanner.search()  # BUG
        value = self.scanner.search()  # BUG
        return name.group(), int(value.group())


def test_assignments(thread_runner):
    lexer = Lexer("x = 1; y = 2")
    assert sorted(thread_runner.run(lexer.assignment, workers=2)) == [("x", 1), ("y", 2)]
