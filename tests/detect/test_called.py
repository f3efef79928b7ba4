"""A container is called what the source calls it."""

from __future__ import annotations

import pytest

from pytest_concurrency.detect.called import called
from pytest_concurrency.trace.outcome import Row

SOURCE = """\
class Cache:
    def get(self, key, other):
        entry = self._items.get(key)
        if key in self._items and len(self.order) < self.most:
            del self._items[key]
        for each in other:
            self._items.pop(each, None); self.order.append(each)
        heapq.heappush(self.heap, key)
        a, b = self.first[key], self.second[key]
        self.first.append(key), self.second.append(key)
        (self
            .order
            .append(key))
        self.find(key).append(self)
        return sorted(self.order)
    def seen(self, out):
        assert out == [1]
        assert out == 1
        total = self.order + list(out)
        if self.rows[0][1] in self.found(out): pass
        return self.rows[0][1], sorted(x for x in out)
"""


@pytest.fixture
def at(tmp_path):
    file = tmp_path / "cache.py"
    file.write_text(SOURCE)

    def name(line, target, part="container"):
        return called(Row("0", str(file), line, "read", target, "", "s", 1, (1, part)))

    return name


@pytest.mark.parametrize(
    ("line", "target", "name"),
    [
        (3, "dict['old']", "Cache._items['old']"),
        (3, "dict.get", "Cache._items.get"),
        (4, "dict", "dict"),  # of the order or of the items
        (6, "dict", "other"),
        (4, "dict['a.png']", "Cache._items['a.png']"),
        (5, "dict['old']", "Cache._items['old']"),
        (6, "list", "other"),
        (7, "list.append", "Cache.order.append"),
        (7, "dict.pop", "Cache._items.pop"),
        (8, "heappush(list)", "heappush(Cache.heap)"),
        (9, "list[0]", "list[0]"),
        (10, "list.append", "list.append"),
        (13, "list.append", "list.append"),
        (14, "list.append", "list.append"),
        (15, "list", "Cache.order"),
        (17, "list", "list"),  # one of them has no name
        (18, "list", "out"),
        (19, "list", "list"),
        (20, "list[0]", "list[0]"),
        (20, "list", "list"),
        (21, "list[0]", "list[0]"),
        (99, "list", "list"),
    ],
)
def test_as_the_source_does(at, line, target, name):
    assert at(line, target) == name


def test_what_is_no_container_has_its_own_name(at):
    assert at(3, "Cache._items", "_items") == "Cache._items"
    assert called(Row("0", "", 0, "call", "")) == ""
    assert called(Row("0", "nowhere.py", 3, "write", "list.append", location=(1, "container"))) == "list.append"
