"""Which code counts as the code under test."""

from __future__ import annotations

import sys
import types

import pytest

from pytest_concurrency.instrument.scope import Area, Chooser, Divided, scan_stores


def function(name: str, path: str, source: str = "def f(): pass"):
    module = {"__name__": name}
    exec(compile(source, path, "exec"), module)
    return next(value for value in module.values() if isinstance(value, types.FunctionType))


@pytest.mark.parametrize(
    ("module", "included"),
    [("six", True), ("pkg", True), ("pkg.sub.mod", True), ("pkgs", False), ("sixty", False), ("other", False)],
)
def test_included_modules(tmp_path, module, included):
    chooser = Chooser(Area(str(tmp_path), include=("six", "pkg")))
    candidate = function(module, "/usr/lib/x.py")
    assert chooser.divide([candidate]) == Divided([candidate] if included else [], [], [])


def test_other_test_modules_and_tools_are_left_alone(tmp_path):
    other = str(tmp_path / "test_other.py")
    chooser = Chooser(Area(str(tmp_path), excluded=frozenset({other})))
    this = function("test_this", str(tmp_path / "test_this.py"))
    others = [function("test_other", other), function("_pytest.runner", str(tmp_path / "runner.py"))]
    assert chooser.divide([*others, this]) == Divided([this], [], [])


def test_library_modules_with_locks(tmp_path):
    chooser = Chooser(Area(str(tmp_path)))
    queue = function("queue", "/usr/lib/queue.py")
    assert chooser.divide([function("json", "/usr/lib/json.py"), queue]) == Divided([], [], [queue])


def test_what_was_made_for_a_module_of_the_area_and_what_has_no_file(tmp_path):
    here = str(tmp_path / "app.py")
    module = {"__name__": "app", "__file__": here}
    exec(compile("def own(): pass", here, "exec"), module)
    exec(compile("def made(): pass", "<string>", "exec"), module)
    elsewhere = {"__name__": "lib", "__file__": "/usr/lib/lib.py"}
    exec(compile("def foreign(): pass", "/usr/lib/lib.py", "exec"), elsewhere)
    exec(compile("def generated(): pass", "<string>", "exec"), elsewhere)
    bare = {}
    exec(compile("def without_module(): pass", here, "exec"), bare)
    given = [*functions(module), *functions(elsewhere), *functions(bare)]
    divided = Chooser(Area(str(tmp_path))).divide(given)
    assert divided == Divided([module["own"], bare["without_module"]], [module["made"]], [])


def functions(module):
    return [value for value in module.values() if isinstance(value, types.FunctionType)]


def test_stores():
    f = function(
        "m", "m.py", "def f(o):\n    global g\n    g = o.a\n    def inner(): o.b = 1; del o.c\n    return inner"
    )
    stores = scan_stores([f])
    assert stores.attributes == {"b", "c"} and stores.globals[id(f.__globals__)] == {"g"}
    assert not stores.any_attribute
    assert scan_stores([function("m", "m.py", "def f(o): setattr(o, 'x', 1)")]).any_attribute


def test_the_library_can_be_left_alone(tmp_path):
    queue = function("queue", "/usr/lib/queue.py")
    assert Chooser(Area(str(tmp_path)), library=False).divide([queue]) == Divided([], [], [])


def test_modules_of_the_area_that_are_loaded_now(tmp_path, monkeypatch):
    def module(name, path):
        made = types.ModuleType(name)
        made.__file__ = path
        monkeypatch.setitem(sys.modules, name, made)

    chooser = Chooser(Area(str(tmp_path), include=("lib_included",)))
    module("app_here", str(tmp_path / "app_here.py"))
    module("app_there", "/somewhere/app_there.py")
    module("lib_included", "/usr/lib/lib_included.py")
    assert chooser.modules() == {"app_here", "lib_included"}
    module("app_here", "/somewhere/app_here.py")
    module("app_there", str(tmp_path / "app_there.py"))
    monkeypatch.delitem(sys.modules, "lib_included")
    assert chooser.modules() == {"app_there"}
