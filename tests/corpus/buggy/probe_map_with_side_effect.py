"""next() on a shared map object runs its function in two workers at once; the line number is lost."""

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": None}


class Parser:
    def __init__(self, lines):
        self.number = 0
        self.rows = map(self.parse, lines)

    def parse(self, line):
        self.number += 1  # BUG
        return line.split(",")


def test_parse(thread_runner):
    parser = Parser(["a,1", "b,2"])
    thread_runner.run(lambda: next(parser.rows), lambda: next(parser.rows))
    assert parser.number == 2
