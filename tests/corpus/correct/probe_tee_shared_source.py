"""Two consumers, each with a list of its own."""


def readings(values):
    seen = 0
    for value in values:
        seen += 1
        yield seen, value


def test_consumers(thread_runner):
    everything = list(readings([20, 21, 19]))
    for_log, for_screen = iter(everything), iter(everything)
    logged, shown = thread_runner.run(lambda: list(for_log), lambda: list(for_screen))
    assert logged == shown == [(1, 20), (2, 21), (3, 19)]
