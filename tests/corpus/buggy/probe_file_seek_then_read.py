"""Records of a file are read through one handle: seek, then read, and the position is everybody's."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}

SIZE = 4


def record(file, number):
    file.seek(number * SIZE)  # BUG
    return file.read(SIZE)  # BUG


def test_records(thread_runner, tmp_path):
    path = tmp_path / "records"
    path.write_bytes(b"aaaabbbbcccc")
    with path.open("rb") as file:
        assert thread_runner.map(lambda n: record(file, n), [0, 2]) == [b"aaaa", b"cccc"]
