"""A lock file that is looked for and then made: both workers think that they own the folder."""

import pytest

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Folder:
    def __init__(self, path):
        self.mark = path / ".lock"
        self.owners = []

    def claim(self, name):
        if self.mark.exists():  # BUG
            return False
        self.mark.write_text(name)  # BUG
        self.owners.append(name)
        return True


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_claim(thread_runner, folder):
    claimed = thread_runner.map(folder.claim, ["a", "b"])
    assert claimed.count(True) == 1
