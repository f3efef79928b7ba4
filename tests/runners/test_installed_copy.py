"""tox and ``pip install .`` test a copy of the project in site-packages: it is the code under test, as at home."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import pytest

from pytester_runs import run

pytest_plugins = ("pytester",)

SHOP = """
import json
import time

total = 0

class Counter:
    def __init__(self):
        self.n = 0

    def add(self):
        self.n += 1

def add_to_total():
    global total
    total += 1

def nap():
    time.sleep(0.05)
"""


@pytest.fixture
def shop(pytester, monkeypatch):
    """A project with a src layout whose package is installed, not found at home."""
    base = pytester.path / "base"
    installed = sysconfig.get_path("purelib", "posix_user", {"userbase": str(base)})
    for folder in (installed, str(pytester.path / "src")):
        package = pytester.path.joinpath(folder, "shop_installed")
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(SHOP)
    monkeypatch.setenv("PYTHONUSERBASE", str(base))
    monkeypatch.setenv("PYTHONPATH", installed, prepend=":")
    return installed


def places(told, name):
    return {(place["path"], place["line"]) for hazard in told.tests[name]["hazards"] for place in hazard["locations"]}


def test_threads(pytester, shop):
    told = run(
        pytester,
        """
        import shop_installed

        def test_add(thread_runner):
            assert shop_installed.__file__.startswith({installed!r})
            counter = shop_installed.Counter()
            thread_runner.run(counter.add, counter.add)
            assert counter.n == 2
        """.replace("{installed!r}", repr(shop)),
    )
    assert told.codes("test_add") == ["CH101"]
    assert places(told, "test_add") == {("src/shop_installed/__init__.py", 12)}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="before 3.12 there is no way to see what is called")
@pytest.mark.parametrize("include", [(), ("other_installed",)])
def test_what_else_is_installed_is_named_where_workers_called_it(pytester, shop, include):
    package = Path(shop, "other_installed.py")
    package.write_text("class Table(dict):\n    pass\n\ndef get(table): return table.get(1)\n")
    told = run(
        pytester,
        f"""
        import json
        import pytest
        import other_installed
        import shop_installed

        table = other_installed.Table()

        @pytest.mark.stress_threads(workers=2, schedules=20, include={include!r})
        def test_get():
            assert other_installed.get(table) is None and json.dumps(1)
            shop_installed.Counter().add()
        """,
    )
    named = "not looked into: other_installed (packages that workers called; see include)"
    assert (named in told.text) is not bool(include)
    assert told.tests["test_get"].get("not_looked_into", []) == ([] if include else ["other_installed"])


@pytest.mark.skipif(sys.version_info < (3, 12), reason="before 3.12 there is no way to see what is called")
def test_the_project_itself_is_looked_into_whatever_it_is_made_of(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(pytester.path))
    pytester.makepyfile(
        project_shapes="""
        import abc, enum
        class Shape(abc.ABC):
            pass
        class Kind(enum.Enum):
            ROUND = 1
        class Meta(type):
            pass
        class Circle(Shape, dict):
            pass
        class Square(metaclass=Meta):
            pass
        """
    )
    told = run(
        pytester,
        """
        import pytest
        import project_shapes
        seen = []

        @pytest.mark.stress_threads(schedules=20)
        def test_shapes():
            seen.append(project_shapes.Kind(1))
            seen.append(project_shapes.Circle())
            seen.append(project_shapes.Square())
        """,
    )
    assert told.outcomes["test_shapes"] == "PASSED", told.text
    assert "not looked into" not in told.text
    assert "not_looked_into" not in told.tests["test_shapes"]


def test_processes(pytester, shop):
    told = run(
        pytester,
        """
        import multiprocessing
        import pytest
        import shop_installed

        @pytest.mark.stress_processes(workers=0, repeats=1, schedules=1)
        def test_total():
            context = multiprocessing.get_context("fork")
            process = context.Process(target=shop_installed.add_to_total)
            process.start()
            process.join()
            assert shop_installed.total in (0, 1)
        """,
    )
    assert told.codes("test_total") == ["CH401"]


def test_greenlets(pytester, shop):
    pytest.importorskip("gevent")
    told = run(
        pytester,
        """
        import pytest
        import gevent
        import shop_installed

        @pytest.mark.stress_greenlets(workers=0, repeats=2, patch="none")
        def test_nap():
            gevent.joinall([gevent.spawn(shop_installed.nap) for _ in range(2)])
        """,
    )
    assert told.codes("test_nap") == ["CH301"], told.text
    assert ("src/shop_installed/__init__.py", 19) in places(told, "test_nap")


def test_the_project_is_where_pytest_was_started_if_an_ini_file_lies_elsewhere(pytester):
    for name, text in (
        ("ci/pytest.ini", "[pytest]\n"),
        ("app/__init__.py", "n = 0\n\ndef add():\n    global n\n    n += 1\n"),
    ):
        path = pytester.path / name
        path.parent.mkdir()
        path.write_text(text)
    source = """
        import app

        def test_add(thread_runner):
            app.n = 0
            thread_runner.run(app.add, app.add)
            assert app.n == 2
    """
    told = run(pytester, source, "-c", "ci/pytest.ini")
    assert [h["code"] for test in told.tests.values() for h in test["hazards"]] == ["CH101"]
