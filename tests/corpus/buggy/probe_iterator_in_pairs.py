"""Keys and values are drawn alternately from one iterator: another worker draws in between."""

EXPECT = {"codes": ["CH110", "CH108", "CH102"], "max_schedule": None}


def read_pair(tokens, table):
    key = next(tokens)  # BUG
    value = next(tokens)  # BUG
    table[key] = value


def test_pairs(thread_runner):
    tokens, table = iter("a 1 b 2".split()), {}
    thread_runner.run(lambda: read_pair(tokens, table), lambda: read_pair(tokens, table))
    assert table == {"a": "1", "b": "2"}
