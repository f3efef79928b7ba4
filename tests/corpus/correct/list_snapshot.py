"""Readers copy a list that others append to; the copy only grows from one to the next."""


def test_snapshot(thread_runner):
    feed = []

    def post():
        for n in range(3):
            feed.append(n)

    def read():
        first = list(feed)
        second = list(feed)
        return first == second[: len(first)]

    assert thread_runner.run(post, read)[1]
