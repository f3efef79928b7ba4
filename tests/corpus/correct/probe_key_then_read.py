"""d.get(k)."""


class Cache:
    def __init__(self):
        self.entries = {"home": "<html>"}

    def fetch(self, page):
        html = self.entries.get(page)
        return html if html is not None else "rendered"

    def invalidate(self):
        self.entries.clear()


def test_fetch(thread_runner):
    cache = Cache()
    page, _ = thread_runner.run(lambda: cache.fetch("home"), cache.invalidate)
    assert page in ("<html>", "rendered")
