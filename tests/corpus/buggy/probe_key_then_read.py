"""`if k in d: return d[k]` while another worker invalidates."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Cache:
    def __init__(self):
        self.entries = {"home": "<html>"}

    def fetch(self, page):
        if page in self.entries:  # BUG
            return self.entries[page]  # BUG
        return "rendered"

    def invalidate(self):
        self.entries.clear()  # BUG


def test_fetch(thread_runner):
    cache = Cache()
    page, _ = thread_runner.run(lambda: cache.fetch("home"), cache.invalidate)
    assert page in ("<html>", "rendered")
