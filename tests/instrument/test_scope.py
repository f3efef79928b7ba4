"""Which code counts as the code under test."""

from __future__ import annotations

import os
import sys
import sysconfig
import types

import pytest

from pytest_concurrency.instrument.scope import Area, Chooser, Divided, real, scan_stores


def function(name: str, path: str, source: str = "def f(): pass"):
    module = {"__name__": name}
    exec(compile(source, path, "exec"), module)
    return next(value for value in module.values() if isinstance(value, types.FunctionType))


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("app.py", True),
        ("src/pkg/mod.py", True),
        ("tests/test_it.py", True),
        ("conftest.py", True),
        (".venv/lib/python3/site-packages/six.py", False),
        ("venv/lib/python3/site-packages/six.py", False),
        (".tox/py/lib/app.py", False),
        ("../elsewhere.py", False),
        ("../root-and-more/app.py", False),
    ],
)
def test_files(tmp_path, path, inside):
    root = tmp_path / "root"
    root.mkdir()
    assert Area(str(root)).holds_file(os.path.normpath(root / path)) is inside


def test_generated_code_is_outside(tmp_path):
    assert not Area(str(tmp_path)).holds_file("<string>")


def test_standard_library_is_outside_even_of_a_root_above_it():
    root = os.path.dirname(os.path.realpath(sysconfig.get_path("stdlib")))
    assert not Area(root).holds_file(os.path.join(os.path.realpath(sysconfig.get_path("stdlib")), "queue.py"))


def test_a_symbolic_link_is_followed(tmp_path):
    real = tmp_path / "real"
    real.mkdir()
    (real / "app.py").write_text("")
    (tmp_path / "link").symlink_to(real)
    assert Area(str(real)).holds_file(str(tmp_path / "link" / "app.py"))


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


@pytest.mark.parametrize("path", ["", ".", "a/b", "/", "/usr/lib", "/usr/../usr/lib", "/no/such/directory", "//usr"])
def test_real_is_what_the_file_system_says(path):
    assert real(path) == os.path.realpath(path)


def test_real_follows_links_on_the_way(tmp_path):
    (tmp_path / "here" / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "here")
    assert real(str(tmp_path / "link" / "below")) == os.path.realpath(tmp_path / "here" / "below")


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
