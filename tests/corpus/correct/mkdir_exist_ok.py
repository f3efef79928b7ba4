"""os.makedirs(exist_ok=True) and exclusive creation of files."""

import os


def test_folder(thread_runner, tmp_path):
    def save(name):
        folder = tmp_path / "out"
        os.makedirs(folder, exist_ok=True)
        (folder / name).write_text(name)

    thread_runner.map(save, ["a.txt", "b.txt"])
    assert sorted(os.listdir(tmp_path / "out")) == ["a.txt", "b.txt"]
