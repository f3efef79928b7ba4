"""The right version of buggy/lookup_cached_after_a_change.py."""

import threading


class AdapterRegistry:
    """Adapters by (required, provided); lookups are cached and the cache is cleared by changed()."""

    def __init__(self):
        self._adapters = {}
        self._cache = {}
        self._generation = 0
        self._lock = threading.Lock()

    def register(self, required, provided, factory):
        with self._lock:
            self._adapters[(required, provided)] = factory
            self._generation += 1
            self._cache = {}

    def lookup(self, required, provided):
        key = (required, provided)
        cache = self._cache
        try:
            return cache[key]
        except KeyError:
            pass
        generation = self._generation
        found = self._uncached(required, provided)
        with self._lock:
            if generation == self._generation:
                self._cache[key] = found
        return found

    def _uncached(self, required, provided):
        for base in required.__mro__:
            factory = self._adapters.get((base, provided))
            if factory is not None:
                return factory
        return None

    def adapt(self, obj, provided, default=None):
        factory = self.lookup(type(obj), provided)
        return default if factory is None else factory(obj)


class Base:
    pass


class Derived(Base):
    pass


def test_more_specific_adapter_is_found(thread_runner):
    registry = AdapterRegistry()
    registry.register(Base, "str", lambda o: "base")
    got, _ = thread_runner.run(
        lambda: registry.adapt(Derived(), "str"),
        lambda: registry.register(Derived, "str", lambda o: "derived"),
    )
    assert got in ("base", "derived")
    assert registry.adapt(Derived(), "str") == "derived"
    assert registry.adapt(Base(), "str") == "base"


def test_register_two(thread_runner):
    registry = AdapterRegistry()
    thread_runner.run(
        lambda: registry.register(Base, "a", lambda o: 1), lambda: registry.register(Base, "b", lambda o: 2)
    )
    assert registry.adapt(Base(), "a") == 1
    assert registry.adapt(Base(), "b") == 2
    assert registry._generation == 2
