"""A weak reference is dereferenced once into a local."""

import weakref


class Parent:
    name = "root"


def test_parent(thread_runner):
    owners = [Parent()]
    link = weakref.ref(owners[0])

    def look():
        parent = link()
        return parent.name if parent is not None else "gone"

    def drop():
        owners.pop()

    seen, _ = thread_runner.run(look, drop)
    assert seen in ("root", "gone")
