"""os.path.exists, then os.mkdir: the directory appears in between."""

import os

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


def ensure(path):
    if not os.path.exists(path):  # BUG
        os.mkdir(path)  # BUG
    return path


def test_ensure(thread_runner, tmp_path):
    target = str(tmp_path / "cache")
    if os.path.isdir(target):
        os.rmdir(target)
    thread_runner.run(lambda: ensure(target), lambda: ensure(target))
    assert os.path.isdir(target)
