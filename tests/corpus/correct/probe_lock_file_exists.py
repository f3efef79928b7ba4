"""A lock file that is made exclusively or not at all."""

import pytest


class Folder:
    def __init__(self, path):
        self.mark = path / ".lock"
        self.owners = []

    def claim(self, name):
        try:
            with self.mark.open("x") as file:
                file.write(name)
        except FileExistsError:
            return False
        self.owners.append(name)
        return True


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_claim(thread_runner, folder):
    claimed = thread_runner.map(folder.claim, ["a", "b"])
    assert claimed.count(True) == 1
