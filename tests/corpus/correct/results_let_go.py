"""What the workers return, and what they were given, is let go when the test lets go of it: a test of weak references."""

import gc
import threading
import weakref


class Image:
    def __init__(self, name):
        self.name = name

    def title(self):
        return self.name.title()


class Cache:
    def __init__(self):
        self.images = weakref.WeakValueDictionary()
        self.lock = threading.Lock()
        self.ended = []

    def load(self, name):
        with self.lock:
            image = self.images.get(name)
            if image is None:
                image = self.images[name] = Image(name)
                weakref.finalize(image, self.ended.append, name)
            return image


def test_results(thread_runner):
    cache = Cache()
    one, two = thread_runner.run(lambda: cache.load("a"), lambda: cache.load("a"))
    assert one is two
    del one, two
    gc.collect()
    assert cache.ended == ["a"]


def test_callables(thread_runner):
    cache = Cache()
    image = cache.load("b")
    assert thread_runner.run(image.title, image.title) == ["B", "B"]
    del image
    gc.collect()
    assert cache.ended == ["b"]
