"""counts[k] = counts.get(k, 0) + 1, the everyday idiom, on a shared dict."""

EXPECT = {"codes": ["CH101", "CH110"], "max_schedule": 10}


class ErrorLog:
    def __init__(self):
        self.by_code = {}

    def add(self, code):
        self.by_code[code] = self.by_code.get(code, 0) + 1  # BUG


def test_error_log(thread_runner):
    log = ErrorLog()
    thread_runner.run(lambda: log.add(404), lambda: log.add(404))
    assert log.by_code[404] == 2
