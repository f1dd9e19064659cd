"""Deletes every entry of conntrack in this network namespace, as `conntrack -F` does."""
import os
import socket
import struct

NETLINK_NETFILTER = 12
# nfnetlink.h, nfnetlink_conntrack.h: subsystem and message; netlink.h: that it is a request, to be acknowledged.
CTNETLINK_DELETE = 1 << 8 | 2
REQUEST_AND_ACK = 1 | 4
ERROR = 2

generic = struct.pack("=BBH", socket.AF_UNSPEC, 0, 0)
header = struct.pack("=IHHII", 16 + len(generic), CTNETLINK_DELETE, REQUEST_AND_ACK, 1, 0)
with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as netlink:
    netlink.send(header + generic)
    _, kind, _, _, _, error = struct.unpack_from("=IHHIIi", netlink.recv(4096))
    assert kind == ERROR, kind
    if error:
        raise OSError(-error, os.strerror(-error))
