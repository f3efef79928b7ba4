"""System calls in which a thread can wait, by number and machine, and which of them only wait for a disk."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_X86_64 = """
0 read 1 write 2 open 3 close 4 stat 7 poll 16 ioctl 17 pread64 18 pwrite64 19 readv 20 writev 23 select 34
pause
35 nanosleep 40 sendfile 42 connect 43 accept 44 sendto 45 recvfrom 46 sendmsg 47 recvmsg 56 clone 57 fork
58 vfork
61 wait4 65 semop 69 msgsnd 70 msgrcv 72 fcntl 73 flock 74 fsync 75 fdatasync 77 ftruncate 82 rename 83 mkdir
84 rmdir 87 unlink 128 rt_sigtimedwait 130 rt_sigsuspend 162 sync 202 futex 208 io_getevents 217 getdents64
220 semtimedop 230 clock_nanosleep 232 epoll_wait 242 mq_timedsend 243 mq_timedreceive 247 waitid 257 openat
262 newfstatat 263 unlinkat 270 pselect6 271 ppoll 281 epoll_pwait 285 fallocate 288 accept4 299 recvmmsg
306 syncfs 307 sendmmsg 316 renameat2 326 copy_file_range 332 statx 426 io_uring_enter 435 clone3
441 epoll_pwait2 449 futex_waitv
"""
_AARCH64 = """
22 epoll_pwait 25 fcntl 29 ioctl 32 flock 34 mkdirat 35 unlinkat 46 ftruncate 47 fallocate 56 openat 57 close
61 getdents64 63 read 64 write 65 readv 66 writev 67 pread64 68 pwrite64 71 sendfile 72 pselect6 73 ppoll
79 newfstatat 81 sync 82 fsync 83 fdatasync 95 waitid 98 futex 101 nanosleep 115 clock_nanosleep
133 rt_sigsuspend 137 rt_sigtimedwait 182 mq_timedsend 183 mq_timedreceive 188 msgrcv 189 msgsnd
192 semtimedop 193 semop 202 accept 203 connect 206 sendto 207 recvfrom 211 sendmsg 212 recvmsg 220 clone
242 accept4 243 recvmmsg 260 wait4 267 syncfs 269 sendmmsg 276 renameat2 285 copy_file_range 291 statx
426 io_uring_enter 435 clone3 441 epoll_pwait2 449 futex_waitv
"""

ON_DESCRIPTORS = frozenset({"read", "write", "pread64", "pwrite64", "readv", "writev"})
ON_FILES = frozenset(
    [
        "close",
        "copy_file_range",
        "fallocate",
        "fdatasync",
        "fsync",
        "ftruncate",
        "getdents64",
        "mkdir",
        "mkdirat",
        "newfstatat",
        "open",
        "openat",
        "rename",
        "renameat2",
        "rmdir",
        "sendfile",
        "stat",
        "statx",
        "sync",
        "syncfs",
        "unlink",
        "unlinkat",
    ]
)
OPENING = frozenset({"open", "openat"})


def _parsed(table: str) -> Mapping[int, str]:
    words = table.split()
    return MappingProxyType({int(number): name for number, name in zip(words[::2], words[1::2], strict=True)})


NAMES: Mapping[str, Mapping[int, str]] = MappingProxyType({"x86_64": _parsed(_X86_64), "aarch64": _parsed(_AARCH64)})
