"""mkdir and except FileExistsError."""

import os


def ensure(path):
    try:
        os.mkdir(path)
    except FileExistsError:
        pass
    return path


def test_ensure(thread_runner, tmp_path):
    target = str(tmp_path / "cache")
    if os.path.isdir(target):
        os.rmdir(target)
    thread_runner.run(lambda: ensure(target), lambda: ensure(target))
    assert os.path.isdir(target)
