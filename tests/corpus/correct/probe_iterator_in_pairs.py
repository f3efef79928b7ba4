"""Pairs are drawn from one iterator in one step."""


def read_pair(pairs, table):
    key, value = next(pairs)
    table[key] = value


def test_pairs(thread_runner):
    words = "a 1 b 2".split()
    pairs, table = iter(list(zip(words[::2], words[1::2]))), {}
    thread_runner.run(lambda: read_pair(pairs, table), lambda: read_pair(pairs, table))
    assert table == {"a": "1", "b": "2"}
