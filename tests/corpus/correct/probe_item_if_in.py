"""A cache is asked once, with get."""


class Templates:
    def __init__(self):
        self.cache = {"index": "<h1>index</h1>"}

    def get(self, name):
        text = self.cache.get(name)
        return text if text is not None else self.load(name)

    def load(self, name):
        text = f"<h1>{name}</h1>"
        self.cache[name] = text
        return text

    def reload(self):
        self.cache.clear()


def test_get(thread_runner):
    templates = Templates()
    text, _ = thread_runner.run(lambda: templates.get("index"), templates.reload)
    assert text == "<h1>index</h1>"
