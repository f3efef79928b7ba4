"""Which code looks at the frames of its callers."""

from __future__ import annotations

import pytest

from pytest_concurrency.instrument.callers import ANYWHERE, AT_CALLER, BEYOND, NOWHERE, aliases, inner, looks

CODE = {
    "return a + 1": NOWHERE,
    "self.stack.append(a)": NOWHERE,
    "self.stack_info = a": NOWHERE,
    "log.warning('no', 1, 2)": NOWHERE,
    "return a.__code__.co_varnames[:a.__code__.co_argcount]": NOWHERE,
    "return sys._getframe()": AT_CALLER,
    "return sys._getframe(1).f_globals['__name__']": AT_CALLER,
    "return getframe(1).f_lineno": AT_CALLER,
    "return inspect.currentframe().f_back.f_lineno": AT_CALLER,
    "warnings.warn('old')": AT_CALLER,
    "warnings.warn('old', DeprecationWarning)": AT_CALLER,
    "warnings.warn('old', DeprecationWarning, 2)": AT_CALLER,
    "warnings.warn(f'{a} is old', stacklevel=2)": AT_CALLER,
    "warn(str(a), DeprecationWarning, stacklevel=2)": AT_CALLER,
    "log.info('x', stacklevel=2)": AT_CALLER,
    "return sys._getframe(2)": BEYOND,
    "return sys._getframe(a)": BEYOND,
    "return getframe(3)": BEYOND,
    "look = sys._getframe; return look(5)": BEYOND,
    "return inspect.currentframe().f_back.f_back": BEYOND,
    "return a.f_back": BEYOND,
    "f = sys._getframe()\n    while f: f = f.f_back": BEYOND,
    "return inspect.stack()[1]": BEYOND,
    "return callers()": BEYOND,
    "traceback.print_stack()": BEYOND,
    "warnings.warn('old', DeprecationWarning, 3)": BEYOND,
    "warnings.warn('old', DeprecationWarning, a)": BEYOND,
    "warnings.warn('old', stacklevel=3)": BEYOND,
    "warnings.warn('old', stacklevel=a)": BEYOND,
    "warnings.warn(*a)": BEYOND,
    "log.info('x', stack_info=True)": BEYOND,
    "options = {'stacklevel': 3}; log.info('x', **options)": BEYOND,
    "sys.settrace(a)": ANYWHERE,
    "sys.settrace(a); return inspect.stack()": ANYWHERE,
    "return sys._current_frames()": ANYWHERE,
    "seen[a.__code__] = 1": NOWHERE,
    "a.__code__ = self.__code__": ANYWHERE,
    "return hasattr(a, '__code__')": NOWHERE,
    "return hasattr(a, '__code__') and warnings.warn(*a)": BEYOND,
    "return getattr(a, '__code__')": ANYWHERE,
    "return getattr(a, '__code__') if hasattr(a, '__code__') else None": ANYWHERE,
    "return (lambda: sys._getframe(2))()": BEYOND,
}


@pytest.mark.parametrize("body, level", CODE.items(), ids=CODE.keys())
def test_how_far_code_looks(body, level):
    space: dict[str, object] = {}
    exec(
        "import inspect, sys, traceback, warnings\nfrom inspect import stack as callers\nfrom sys import _getframe as "
        f"getframe\nfrom warnings import warn\ndef function(a, self, log, seen):\n    {body}\n",
        space,
    )
    assert looks(inner(space["function"].__code__), aliases(space)) == level


def test_a_level_that_is_passed_on_goes_beyond():
    def function(message, stacklevel):
        return message, stacklevel

    assert looks(inner(function.__code__), {}) == BEYOND
