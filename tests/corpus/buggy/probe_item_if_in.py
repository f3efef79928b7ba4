"""A conditional expression looks for a key and reads it; the cache is cleared in between."""

EXPECT = {"codes": ["CH110", "CH108", "CH102"], "max_schedule": None}


class Templates:
    def __init__(self):
        self.cache = {"index": "<h1>index</h1>"}

    def get(self, name):
        return self.cache[name] if name in self.cache else self.load(name)  # BUG

    def load(self, name):
        text = f"<h1>{name}</h1>"
        self.cache[name] = text
        return text

    def reload(self):
        self.cache.clear()  # BUG


def test_get(thread_runner):
    templates = Templates()
    text, _ = thread_runner.run(lambda: templates.get("index"), templates.reload)
    assert text == "<h1>index</h1>"
