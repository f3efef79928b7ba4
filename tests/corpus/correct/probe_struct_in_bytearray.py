"""A counter in a packet's header is increased under a lock."""

import struct
import threading

HEADER = struct.Struct("<HI")
lock = threading.Lock()


def count_packet(header):
    with lock:
        kind, packets = HEADER.unpack_from(header)
        HEADER.pack_into(header, 0, kind, packets + 1)


def test_packets(thread_runner):
    header = bytearray(HEADER.pack(7, 0))
    thread_runner.run(lambda: count_packet(header), lambda: count_packet(header))
    assert HEADER.unpack(header) == (7, 2)
