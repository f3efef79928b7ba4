"""What keeps a test on one worker, found in its code."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import types
import warnings
from unittest import mock

import pytest

from pytest_concurrency.runners.whole_suite.rules import CALLS, Rules
from pytest_concurrency.runners.whole_suite.scan import DEPTH, Scanner


class Box:
    value = 0


def _deep():
    os.chdir(".")


def _middle():
    _deep()


def uses_helper_of_helper():
    _middle()


def imports_inside():
    from warnings import catch_warnings

    with catch_warnings():
        pass


def patches_object():
    with mock.patch.object(os, "getcwd"):
        pass


def changes_path():
    sys.path.insert(0, "x")


def reads_path():
    return sys.path[0], os.environ["PATH"], len(sys.modules)


def deletes_module():
    del sys.modules["x"]


def sets_stdout():
    sys.stdout = None


def sets_class():
    Box.value = 1


def sets_own_class():
    class Own:
        pass

    Own.value = 1
    box = Box()
    box.value = 2


def nested():
    return [warnings.simplefilter("error") for _ in range(2)]


@contextlib.contextmanager
def in_folder():
    os.chdir(".")
    yield


@in_folder()
def under_a_context_manager():
    pass


@mock.patch.dict(os.environ, {"X": "1"})
def under_a_patched_dictionary():
    pass


class Frozen:
    """As freezegun's and time-machine's decorators are made."""

    def __call__(self, function):
        @functools.wraps(function)
        def wrapper():
            with self:
                function()

        return wrapper

    def __enter__(self):
        pass

    def __exit__(self, *error):
        pass


def twice(function):
    @functools.wraps(function)
    def wrapper():
        function()
        function()

    return wrapper


class Disguised:
    """As a proxy for a function, with a code object that is no more than a proxy, too."""

    __class__ = property(lambda self: types.FunctionType)
    __module__ = __name__
    __code__ = None
    __closure__ = None


disguised = Disguised()


def calls_a_proxy():
    disguised()


@Frozen()
def frozen():
    pass


frozen_time = Frozen()


def freezes_with_one_of_the_module():
    with frozen_time:
        pass


@twice
def twice_reads():
    reads_path()


@twice
def twice_changes():
    changes_path()


def uses_a_mock():
    return mock.Mock()


def recursive():
    recursive()


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (uses_helper_of_helper, "os.chdir()"),
        (imports_inside, "warnings.catch_warnings()"),
        (patches_object, "unittest.mock.patch()"),
        (changes_path, "sys.path.insert()"),
        (reads_path, ""),
        (deletes_module, "sys.modules[...] = ..."),
        (sets_stdout, "sys.stdout = ..."),
        (sets_class, "Box.value = ..."),
        (sets_own_class, ""),
        (nested, "warnings.simplefilter()"),
        (under_a_context_manager, "os.chdir()"),
        (under_a_patched_dictionary, "unittest.mock._patch_dict()"),
        (frozen, f"{__name__}.Frozen()"),
        (freezes_with_one_of_the_module, f"{__name__}.Frozen()"),
        (calls_a_proxy, ""),
        (uses_a_mock, ""),
        (recursive, ""),
    ],
)
def test_reason(function, reason):
    scanner = Scanner(Rules(calls=(*CALLS, f"{__name__}.Frozen")))
    scanner.prepare()
    assert scanner.of_function(function, None, DEPTH) == reason


def test_wrappers_of_one_decorator_are_told_apart():
    scanner = Scanner(Rules())
    scanner.prepare()
    assert scanner.of_function(twice_changes, None, DEPTH) == "sys.path.insert()"
    assert scanner.of_function(twice_reads, None, DEPTH) == ""
