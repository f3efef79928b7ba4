"""functools.singledispatch fills its cache while it is used."""

import functools


def test_dispatch(thread_runner):
    @functools.singledispatch
    def show(value):
        return "object"

    @show.register
    def _(value: int):
        return "int"

    @show.register
    def _(value: list):
        return "list"

    assert thread_runner.map(show, [1, [], "x", True]) == ["int", "list", "object", "int"]
