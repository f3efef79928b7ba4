"""bluetooth: a driver that is stopped while an input or output begins.

The begin looks at the stopping flag and counts itself in two steps; a stop that comes between the two frees
the device under it. Needs one preemption at the right place.
"""

import threading


class Device:
    def __init__(self):
        self.atomic = threading.Lock()
        self.pending_io = 1
        self.stopping_flag = False
        self.stopping_event = False
        self.stopped = False

    def io_increment(self):
        if self.stopping_flag:
            return -1
        with self.atomic:
            self.pending_io = self.pending_io + 1
        return 0

    def io_decrement(self):
        with self.atomic:
            self.pending_io = self.pending_io - 1
            pending_io = self.pending_io
        if pending_io == 0:
            self.stopping_event = True

    def pnp_add(self):
        status = self.io_increment()
        if status == 0:
            assert not self.stopped
        self.io_decrement()

    def pnp_stop(self):
        self.stopping_flag = True
        self.io_decrement()
        if self.stopping_event:
            self.stopped = True


class DeviceFixed:
    """The flag is looked at and the count raised under one lock; who did not begin does not end."""

    def __init__(self):
        self.lock = threading.Lock()
        self.pending_io = 1
        self.stopping_flag = False
        self.stopped = False

    def io_increment(self):
        with self.lock:
            if self.stopping_flag:
                return -1
            self.pending_io += 1
            return 0

    def io_decrement(self):
        with self.lock:
            self.pending_io -= 1
            return self.pending_io == 0

    def pnp_add(self):
        if self.io_increment() == 0:
            with self.lock:
                assert not self.stopped
            self.io_decrement()

    def pnp_stop(self):
        with self.lock:
            self.stopping_flag = True
        if self.io_decrement():
            with self.lock:
                self.stopped = True


def test_bluetooth(thread_runner):
    device = Device()
    thread_runner.run(device.pnp_stop, device.pnp_add)


def test_bluetooth_fixed(thread_runner):
    device = DeviceFixed()
    thread_runner.run(device.pnp_stop, device.pnp_add)
