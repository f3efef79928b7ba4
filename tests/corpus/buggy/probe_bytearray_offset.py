"""A length-prefixed record is written in two appends: records mix."""

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class Wire:
    def __init__(self):
        self.data = bytearray()

    def send(self, payload):
        self.data.append(len(payload))  # BUG
        self.data.extend(payload)  # BUG


def decode(data):
    records, at = [], 0
    while at < len(data):
        size = data[at]
        records.append(bytes(data[at + 1 : at + 1 + size]))
        at += 1 + size
    return records


def test_records(thread_runner):
    wire = Wire()
    thread_runner.map(wire.send, [b"abc", b"z"])
    assert sorted(decode(wire.data)) == [b"abc", b"z"]
