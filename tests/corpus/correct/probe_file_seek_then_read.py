"""Records of a file are read through a handle for each worker."""

SIZE = 4


def record(path, number):
    with path.open("rb") as file:
        file.seek(number * SIZE)
        return file.read(SIZE)


def test_records(thread_runner, tmp_path):
    path = tmp_path / "records"
    path.write_bytes(b"aaaabbbbcccc")
    assert thread_runner.map(lambda n: record(path, n), [0, 2]) == [b"aaaa", b"cccc"]
