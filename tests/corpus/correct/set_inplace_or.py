"""`self.seen |= {...}` on an attribute updates the one set in place."""


class Crawler:
    def __init__(self):
        self.seen = set()

    def visit(self, *urls):
        self.seen |= set(urls)


def test_seen(thread_runner):
    crawler = Crawler()
    thread_runner.run(lambda: crawler.visit("/", "/a"), lambda: crawler.visit("/b"))
    assert crawler.seen == {"/", "/a", "/b"}
