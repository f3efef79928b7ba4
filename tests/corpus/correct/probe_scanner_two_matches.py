"""Each match is one pair."""

import re


class Lexer:
    def __init__(self, text):
        self.scanner = re.compile(r"(\w+) = (\d+)").scanner(text)

    def assignment(self):
        found = self.scanner.search()
        return found[1], int(found[2])


def test_assignments(thread_runner):
    lexer = Lexer("x = 1; y = 2")
    assert sorted(thread_runner.run(lexer.assignment, workers=2)) == [("x", 1), ("y", 2)]
