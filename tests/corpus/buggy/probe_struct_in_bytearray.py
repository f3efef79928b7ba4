"""A counter in a packet's header is unpacked, increased and packed again."""

import struct

EXPECT = {"codes": ["CH110", "CH101", "CH102"], "max_schedule": None}

HEADER = struct.Struct("<HI")


def count_packet(header):
    kind, packets = HEADER.unpack_from(header)  # BUG
    HEADER.pack_into(header, 0, kind, packets + 1)  # BUG


def test_packets(thread_runner):
    header = bytearray(HEADER.pack(7, 0))
    thread_runner.run(lambda: count_packet(header), lambda: count_packet(header))
    assert HEADER.unpack(header) == (7, 2)
