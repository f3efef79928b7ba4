"""Each worker updates its own key of a shared dict."""


def test_keys(thread_runner):
    totals = {}

    def tally(name, numbers):
        for n in numbers:
            totals[name] = totals.get(name, 0) + n

    thread_runner.run(lambda: tally("ann", [1, 2]), lambda: tally("bob", [3, 4]))
    assert totals == {"ann": 3, "bob": 7}
