"""next() on a shared map object of a pure function; the numbers come from enumerate over a list."""


class Parser:
    def __init__(self, lines):
        self.rows = map(self.parse, list(enumerate(lines, 1)))

    def parse(self, numbered):
        number, line = numbered
        return number, line.split(",")


def test_parse(thread_runner):
    parser = Parser(["a,1", "b,2"])
    rows = thread_runner.run(lambda: next(parser.rows), lambda: next(parser.rows))
    assert sorted(number for number, _ in rows) == [1, 2]
