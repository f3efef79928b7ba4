"""What is kept of a value that was true when it was read: the caches of functools, cleared in between."""

from __future__ import annotations

from pytester_runs import run

SOURCE = """\
import functools
import threading

PRICES = {"tea": 1}


@functools.lru_cache(maxsize=None)
def price(name):
    return PRICES[name]


def update(name, value):
    PRICES[name] = value
    price.cache_clear()


def test_lru_cache(thread_runner):
    thread_runner.run(lambda: price("tea"), lambda: update("tea", 2))
    assert price("tea") == 2


class Repository:
    def __init__(self):
        self.rows = {1: "old"}
        self.lock = threading.RLock()
        self.load = functools.lru_cache(maxsize=8)(self._load)

    def _load(self, key):
        return self.rows.get(key)

    def save(self, key, value):
        self.rows[key] = value
        self.load.cache_clear()

    def locked_load(self, key):
        with self.lock:
            return self.load(key)

    def locked_save(self, key, value):
        with self.lock:
            self.save(key, value)


def test_of_an_instance(thread_runner):
    repository = Repository()
    thread_runner.run(lambda: repository.load(1), lambda: repository.save(1, "new"))
    assert repository.load(1) == "new"


class Document:
    def __init__(self):
        self.text = "a"

    @functools.cached_property
    def words(self):
        text = self.text
        return text.split()

    def edit(self, text):
        self.text = text
        self.__dict__.pop("words", None)


def test_cached_property(thread_runner):
    document = Document()
    thread_runner.run(lambda: document.words, lambda: document.edit("b c"))
    assert document.words == ["b", "c"]


def test_locked(thread_runner):
    repository = Repository()
    thread_runner.run(lambda: repository.locked_load(1), lambda: repository.locked_save(1, "new"))
    assert repository.load(1) == "new"
"""


def test_a_stale_value_is_kept_after_the_cache_was_cleared(pytester):
    done = run(pytester, SOURCE)
    assert done.outcomes["test_locked"] == "PASSED"
    for name in ("test_lru_cache", "test_of_an_instance", "test_cached_property"):
        assert {"CH102", "CH110"} <= set(done.codes(name)), done.text
        (hazard,) = (hazard for hazard in done.tests[name]["hazards"] if hazard["code"] == "CH110")
        assert hazard["schedule"] <= 20 and hazard["preemptions"] == 1
    assert (
        "worker 0 looked at PRICES['tea'] (-> 1) at test_it.py:9, worker 1 changed PRICES['tea'] at test_it.py:13"
        in " ".join(done.text.split())
    )
