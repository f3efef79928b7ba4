"""Where an exception was raised."""

from __future__ import annotations

from pytest_concurrency.detect.failures import raised_at


def test_an_exception_thrown_in_by_compiled_code_is_placed_where_the_program_was():
    namespace: dict[str, object] = {}
    exec(compile("def switch():\n    raise TimeoutError\n", "src/gevent/_greenlet_primitives.pxd", "exec"), namespace)
    try:
        namespace["switch"]()
    except TimeoutError as error:
        assert raised_at(error) == (__file__, error.__traceback__.tb_lineno)
    try:
        exec(compile("1 / 0", "<string>", "exec"))
    except ZeroDivisionError as error:
        assert raised_at(error) == ("<string>", 1)
