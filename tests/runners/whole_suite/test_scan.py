"""What keeps a test on one worker, found in its code."""

from __future__ import annotations

import os
import sys
import warnings
from unittest import mock

import pytest

from pytest_concurrency.runners.whole_suite.rules import Rules
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
        (uses_a_mock, ""),
        (recursive, ""),
    ],
)
def test_reason(function, reason):
    scanner = Scanner(Rules())
    scanner.prepare()
    assert scanner.of_function(function, None, DEPTH) == reason
