"""A file's name is claimed by making it exclusively."""

import os


class Uploads:
    def __init__(self, folder):
        self.folder = folder

    def save(self, data):
        number = len(os.listdir(self.folder))
        while True:
            target = os.path.join(self.folder, f"{number:04}.bin")
            try:
                file = open(target, "xb")
            except FileExistsError:
                number += 1
            else:
                with file:
                    file.write(data)
                return target


def test_both_are_kept(thread_runner, tmp_path):
    uploads = Uploads(tmp_path)
    thread_runner.run(lambda: uploads.save(b"one"), lambda: uploads.save(b"two"))
    assert len(os.listdir(tmp_path)) == 2
