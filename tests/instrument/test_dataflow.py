"""Which writes count as updates of what was read before: on every path, or not at all."""

from __future__ import annotations

import pytest

from pytest_concurrency.instrument.sites import READ

PRELUDE = """
x = 0
table = {}
class C:
    n = 0
c = C()
def setter():
    global x
    x = 1
    c.n = 1
"""

UPDATES = {
    "augmented global": "global x\nx += 1",
    "augmented attribute": "c.n += 1",
    "augmented item": "table['k'] += 1",
    "item read by get": "table['k'] = table.get('k', 0) + 1",
    "through a local": "global x\nt = x\nx = t + 1",
    "through two locals": "global x\nt = x\nu = t * 2\nx = u",
    "local updated first": "global x\nt = x\nt += 1\nx = t",
    "through a call": "global x\nx = max(x, arg)",
    "through a method": "c.n = str(c.n).upper()",
    "tuple unpacking": "global x\na, b = x, 1\nx = a + b",
    "walrus": "global x\nx = (t := x) + 1",
    "condition in the operand": "global x\nx = x + (1 if arg else 2)",
    "a branch in between": "global x\nt = x\nif arg:\n    arg()\nx = t + 1",
    "every branch adds": "global x\nt = x\nif arg:\n    t += 1\nelse:\n    t += 2\nx = t",
    "a loop that adds": "global x\nt = x\nfor i in (1, 2):\n    t += i\nx = t",
    "a while loop around it": "while arg:\n    c.n += 1",
    "two critical sections": "global x\nwith arg:\n    t = x\nwith arg:\n    x = t + 1",
    "try and finally": "global x\ntry:\n    t = x\nfinally:\n    arg()\nx = t + 1",
    "an error handler that leaves": "global x\ntry:\n    t = x\nexcept KeyError:\n    return\nx = t + 1",
    "a new list from the old": "c.n = [*c.n, 1]",
    "a new dictionary from the old": "c.n = {**c.n, 'a': 1}",
    "a new set from the old": "c.n = c.n | {1}",
    "string formatting": "c.n = f'{c.n}!'",
    "unpacked arguments": "c.n = max(*c.n, 1)",
    "a comprehension between": "global x\nt = x\ny = [i for i in (1, 2)]\nx = t + len(y)",
    "default argument": "global x\nt = x\ndel arg\nx = t + 1",
}

NO_UPDATES = {
    "a default": "global x\nx = x or arg()",
    "lazy creation": "global x\nif x is None:\n    x = arg()",
    "lazy creation of an item": "if 'k' not in table:\n    table['k'] = arg()",
    "overwritten": "global x\nt = x\nx = 5",
    "another value": "global x\nt = x\nx = arg",
    "one branch forgets": "global x\nt = x\nif arg:\n    t = 0\nx = t",
    "one branch of an expression": "global x\nx = x + 1 if arg else 0",
    "the loop may not run": "global x\nt = 0\nfor i in arg:\n    t = x\nx = t",
    "the error handler forgets": "global x\ntry:\n    t = x\nexcept KeyError:\n    t = 0\nx = t",
    "bound before the block that may fail": "global x\nt = 0\nwith arg:\n    t = x\nx = t",
    "an argument, not the read": "global x\nif x:\n    x = arg",
    "another attribute": "c.m = c.n + 1",
    "another item's container": "c.n = table['k']",
    "deleted and bound again": "global x\nt = x\ndel t\nt = arg\nx = t",
    "generated": "global x\nx = yield x",
    "tuple unpacking, the other one": "global x\na, b = x, 1\nx = b",
}


def links(lab, body: str) -> list[str]:
    # The loop keeps the compiler from copying the end of the function into each branch.
    indented = "".join(f"    {line}\n" for line in [*body.splitlines(), "for _ in (): pass"])
    lab.load(PRELUDE + "def subject(arg=None):\n" + indented)
    with lab.active() as sites:
        return [
            site.kind
            for site in sites
            if site.qualname == "subject" and site.action != READ and any(s.is_source for s in site.derived)
        ]


@pytest.mark.parametrize("body", UPDATES.values(), ids=UPDATES.keys())
def test_update_is_linked_to_its_read(lab, body):
    assert len(links(lab, body)) == 1


@pytest.mark.parametrize("body", NO_UPDATES.values(), ids=NO_UPDATES.keys())
def test_no_update_is_not_linked(lab, body):
    assert links(lab, body) == []


def test_closure_variable(lab):
    lab.load(
        """
        def outer():
            n = 0
            def add():
                nonlocal n
                n += 1
            def reset():
                nonlocal n
                n = 0
            return add, reset
        """
    )
    with lab.active() as sites:
        linked = {site.qualname: bool(site.derived) for site in sites if site.kind == "cell" and site.action != "read"}
    assert linked == {"outer": False, "outer.<locals>.add": True, "outer.<locals>.reset": False}


def test_the_last_of_several_reads_is_the_source(lab):
    lab.load(PRELUDE + "def subject():\n    global x\n    print(x)\n    t = x\n    print(x)\n    x = t + 1\n")
    with lab.active() as sites:
        reads = [
            site for site in sites if site.qualname == "subject" and site.kind == "global" and site.action == "read"
        ]
        own = [site for site in sites if site.qualname == "subject" and site.kind == "global"]
        (write,) = (site for site in own if site.action != "read")
    assert write.derived == (reads[1],)
    assert [site.is_source for site in reads] == [False, True, False]
