"""weak_cache.get(key) holds on to what it found."""

import weakref


class Image:
    def __init__(self, name):
        self.name = name


def name_of(cache, key):
    image = cache.get(key)
    return image.name if image is not None else "missing"


def test_cache(thread_runner):
    cache = weakref.WeakValueDictionary()
    owners = [Image("logo")]
    cache["logo"] = owners[0]
    seen, _ = thread_runner.run(lambda: name_of(cache, "logo"), owners.clear)
    assert seen in ("logo", "missing")
