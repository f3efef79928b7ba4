"""The next file's name comes from how many there are: two uploads get the same name."""

import os

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Uploads:
    def __init__(self, folder):
        self.folder = folder

    def save(self, data):
        number = len(os.listdir(self.folder))  # BUG
        target = os.path.join(self.folder, f"{number:04}.bin")
        with open(target, "wb") as file:  # BUG
            file.write(data)
        return target


def test_both_are_kept(thread_runner, tmp_path):
    uploads = Uploads(tmp_path)
    thread_runner.run(lambda: uploads.save(b"one"), lambda: uploads.save(b"two"))
    assert len(os.listdir(tmp_path)) == 2
