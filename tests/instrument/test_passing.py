"""Which values go through the caller: returned as they were read, or written as they were given."""

from __future__ import annotations

import pytest

MODULE = """
class Box:
    def __init__(self):
        self.n = 0
        self.d = {}
%s
"""

RETURNED = {
    "as it is": ("def f(self): return self.n", ["n"]),
    "computed": ("def f(self): return self.n + 1", ["n"]),
    "under a lock": ("def f(self, lock):\n    with lock:\n        return self.n", ["n"]),
    "an item": ("def f(self, key): return self.d[key]", [""]),
    "something else": ("def f(self):\n    self.n\n    return 0", []),
    "or a default": ("def f(self): return self.n or 0", []),
    "on one path only": ("def f(self, a):\n    if a:\n        return self.n\n    return a", []),
    "another constant": ("def f(self, a):\n    if a:\n        return self.n\n    return 5", []),
    "nothing where there is nothing": ("def f(self, a):\n    if a:\n        return self.n", ["n"]),
    "yielded": ("def f(self):\n    yield 1\n    return self.n", []),
}

GIVEN = {
    "as it is": ("def f(self, v): self.n = v", {"n": ("v",)}),
    "computed": ("def f(self, v, w): self.n = v + w", {"n": ("v", "w")}),
    "an item": ("def f(self, key, v): self.d[key] = v", {"": ("v",)}),
    "something else": ("def f(self, v): self.n = 0", {}),
    "on one path only": ("def f(self, v):\n    if not v:\n        v = 0\n    self.n = v", {}),
    "looked first": ("def f(self, v):\n    if v > self.n: self.n = v", {}),
}


def body(text: str) -> str:
    return MODULE % "".join(f"    {line}\n" for line in text.splitlines())


@pytest.mark.parametrize(("text", "names"), RETURNED.values(), ids=RETURNED.keys())
def test_returned(lab, text, names):
    lab.load(body(text))
    with lab.active() as sites:
        assert [site.name for site in sites if site.returned] == names


@pytest.mark.parametrize(("text", "given"), GIVEN.values(), ids=GIVEN.keys())
def test_given(lab, text, given):
    lab.load(body(text))
    with lab.active() as sites:
        assert {site.name: site.given for site in sites if site.given} == given
