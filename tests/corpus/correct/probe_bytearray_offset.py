"""A length-prefixed record is written in one append."""


class Wire:
    def __init__(self):
        self.data = bytearray()

    def send(self, payload):
        self.data += bytes([len(payload)]) + payload


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
