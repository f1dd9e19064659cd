"""A UDP socket with ancillary data, which node:dgram lacks. Commands come as lines of JSON on stdin:

{"send": [hex, ...], "to": [address, port], "ecn": 0..3, "segment": bytes}  with "segment", all in one call (UDP_SEGMENT)
{"stream": hex, "to": [address, port], "count": n, "gapUs": n}            sent so many times
{"level": n, "option": n, "value": hex}                                  sets an option of the socket

and what it receives goes to stdout: {"hex": ..., "ecn": ..., "ttl": ..., "from": [address, port]}
"""
import json
import os
import select
import socket
import sys
import time

UDP_SEGMENT = 103
SECOND_US = 1_000_000

host = sys.argv[1]
is_ipv6 = ":" in host
peer = socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, socket.SOCK_DGRAM)
level, recv_ecn, ecn_type, recv_ttl, ttl_type = (
    (socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, socket.IPV6_TCLASS, socket.IPV6_RECVHOPLIMIT, socket.IPV6_HOPLIMIT)
    if is_ipv6
    else (socket.IPPROTO_IP, 13, socket.IP_TOS, 12, socket.IP_TTL)  # IP_RECVTOS, IP_RECVTTL
)
peer.setsockopt(level, recv_ecn, 1)
peer.setsockopt(level, recv_ttl, 1)
peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)


def name_of(address, port):
    """As the system takes it: an IPv6 address of one link has the link's number apart."""
    return socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM)[0][4]


peer.bind(name_of(host, 0))
print(json.dumps({"port": peer.getsockname()[1]}), flush=True)


def now_us():
    return time.time_ns() // 1000


def send(command):
    to = name_of(*command["to"])
    datagrams = [bytes.fromhex(text) for text in command["send"]]
    ancillary = [(level, ecn_type, command["ecn"].to_bytes(4, sys.byteorder))] if command.get("ecn") else []
    if "segment" not in command:
        for datagram in datagrams:
            peer.sendmsg([datagram], ancillary, 0, to)
        return
    ancillary.append((socket.IPPROTO_UDP, UDP_SEGMENT, command["segment"].to_bytes(2, sys.byteorder)))
    peer.sendmsg(datagrams, ancillary, 0, to)


def stream(command):
    to, datagram = name_of(*command["to"]), bytes.fromhex(command["stream"])
    next_us = now_us()
    for _ in range(command["count"]):
        next_us += command["gapUs"]
        time.sleep(max(0, next_us - now_us()) / SECOND_US)
        peer.sendto(datagram, to)


def receive():
    datagram, ancillary, _, source = peer.recvmsg(65536, 256)
    control = {(at, kind): data for at, kind, data in ancillary}
    received = {
        "hex": datagram.hex(),
        "ecn": control.get((level, ecn_type), b"\0")[0] & 3,
        "ttl": int.from_bytes(control[(level, ttl_type)], sys.byteorder),
        "from": source[:2],
    }
    sys.stdout.write(json.dumps(received) + "\n")


unread = b""
while True:
    ready, _, _ = select.select([0, peer], [], [])
    if peer in ready:
        receive()
    if not select.select([peer], [], [], 0)[0]:
        sys.stdout.flush()
    if 0 in ready:
        read = os.read(0, 1 << 20)
        if not read:
            break
        *lines, unread = (unread + read).split(b"\n")
        for line in lines:
            command = json.loads(line)
            if "option" in command:
                peer.setsockopt(command["level"], command["option"], bytes.fromhex(command["value"]))
            elif "stream" in command:
                stream(command)
            else:
                send(command)
