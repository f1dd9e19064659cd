"""Runs a command as on a kernel without IPv6, where no such socket can be made: without-ipv6.py COMMAND..."""
import ctypes
import os
import platform
import struct
import sys

SOCKET = {"x86_64": 41, "aarch64": 198}[platform.machine()]
AF_INET6, EAFNOSUPPORT = 10, 97
# linux/filter.h and linux/seccomp.h: the number of the system call is at 0, its first argument at 16.
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000 | EAFNOSUPPORT
INSTRUCTIONS = [
    (LOAD, 0, 0, 0),
    (EQUAL, 0, 3, SOCKET),
    (LOAD, 0, 0, 16),
    (EQUAL, 0, 1, AF_INET6),
    (RETURN, 0, 0, FAIL),
    (RETURN, 0, 0, ALLOW),
]
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2

code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in INSTRUCTIONS))
program = struct.pack("HxxxxxxQ", len(INSTRUCTIONS), ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0):
    sys.exit(os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])
