"""Which files are the project's own, installed copies included, and how their paths are told."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

import pytest

from pytest_concurrency import project
from pytest_concurrency.project import holds, is_standard, original, real, relative, root_of


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    return root


@pytest.fixture
def site(root, monkeypatch):
    """A directory of installed packages, in an environment below rootdir."""
    found = root / ".tox" / "py" / "lib" / "site-packages"
    found.mkdir(parents=True)
    project.original.cache_clear()
    monkeypatch.setattr(project, "site_roots", lambda: (str(found) + os.sep,))
    return found


def write(path: Path, text: str = "") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


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
def test_files(root, path, inside):
    assert holds(os.path.normpath(root / path), str(root)) is inside


def test_generated_code_is_outside(root):
    assert not holds("<string>", str(root)) and not holds("", str(root))


def test_standard_library_is_outside_even_of_a_root_above_it():
    library = os.path.realpath(sysconfig.get_path("stdlib"))
    assert not holds(os.path.join(library, "queue.py"), os.path.dirname(library))


def test_a_symbolic_link_is_followed(tmp_path):
    real_root = tmp_path / "real"
    real_root.mkdir()
    write(real_root / "app.py")
    (tmp_path / "link").symlink_to(real_root)
    assert holds(str(tmp_path / "link" / "app.py"), str(real_root))
    assert holds(str(real_root / "app.py"), str(tmp_path / "link"))


@pytest.mark.parametrize("folder", ["", "src", "lib", "python"])
@pytest.mark.parametrize("name", ["shop/__init__.py", "shop/cart/lines.py", "shop.py"])
def test_an_installed_copy_is_the_project_s_and_told_by_its_original(root, site, folder, name):
    source = write(root / folder / name, "n = 1\n")
    copy = write(site / name, "n = 1\n")
    assert original(copy, str(root)) == source and holds(copy, str(root))
    assert relative(copy, root) == os.path.join(folder, name)


def test_what_is_installed_besides_is_not(root, site):
    write(root / "src" / "shop" / "__init__.py")
    (root / "redis").mkdir()
    write(root / "redis" / "redis.conf")
    for name in ("six.py", "redis/__init__.py", "redis/client.py", "shop/_version.py", "shopping/__init__.py"):
        path = write(site / name)
        assert not holds(path, str(root)) and original(path, str(root)) is None


def test_a_changed_copy_is_told_by_its_own_path(root, site):
    write(root / "shop.py", "n = 1\n")
    copy = write(site / "shop.py", "\nn = 1\n")
    assert holds(copy, str(root))
    assert relative(copy, root) == os.path.relpath(copy, root)


def test_paths_of_others_are_told_as_they_are(root):
    assert relative("/usr/lib/queue.py", root) == "/usr/lib/queue.py"
    assert relative("<string>", root) == "<string>"
    assert relative(str(root / "tests" / "test_it.py"), root) == os.path.join("tests", "test_it.py")


@pytest.mark.parametrize("path", ["", ".", "a/b", "/", "/usr/lib", "/usr/../usr/lib", "/no/such/directory", "//usr"])
def test_real_is_what_the_file_system_says(path):
    assert real(path) == os.path.realpath(path)


def test_real_follows_links_on_the_way(tmp_path):
    (tmp_path / "here" / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "here")
    assert real(str(tmp_path / "link" / "below")) == os.path.realpath(tmp_path / "here" / "below")


def test_the_root_of_a_test(tmp_path):
    inside = write(tmp_path / "here" / "tests" / "test_it.py")
    assert root_of(inside, str(tmp_path / "here" / "ci"), str(tmp_path / "here")) == str(tmp_path / "here")
    assert root_of(inside, str(tmp_path / "elsewhere")) == str(tmp_path / "here" / "tests")
    write(tmp_path / "pkg" / "__init__.py")
    write(tmp_path / "pkg" / "tests" / "__init__.py")
    packaged = write(tmp_path / "pkg" / "tests" / "test_it.py")
    assert root_of(packaged, str(tmp_path / "here")) == str(tmp_path / "pkg")


def test_the_standard_library():
    assert is_standard(os.__file__) and is_standard("<frozen os>")
    assert not is_standard(pytest.__file__) and not is_standard(__file__)
    assert not is_standard(os.path.join(f"{sysconfig.get_path('stdlib')}-of-ours", "x.py"))
