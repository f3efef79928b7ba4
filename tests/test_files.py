"""Writing files so that nobody sees half of one."""

import os
import stat

import pytest

from pytest_concurrency.files import write_atomically

posix = pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


@posix
def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "new" / "report", "text")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "new" / "report") == 0o640


@posix
def test_a_file_keeps_its_permissions(tmp_path):
    path = tmp_path / "baseline"
    path.write_text("old")
    path.chmod(0o600)
    write_atomically(path, "new")
    assert (path.read_text(), mode_of(path)) == ("new", 0o600)


@posix
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_atomically(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "text"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "target"]


def test_nothing_is_left_where_writing_fails(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        write_atomically(tmp_path / "folder", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
