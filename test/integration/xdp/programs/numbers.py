"""Packets that are numbered, so that each one is accounted for.

numbers.py source <address> <port> <relay> <packets per second> <prefix>  sends prefix (hex) and number, at a steady pace
numbers.py sink <address> <port> <relay> <prefix>                         receives them

Prints "ready", goes on until stdin ends, and prints as JSON how many it sent, or which numbers came, in ranges, how many
of them twice, and how many datagrams were none of the source's or did not come from the relay.
"""
import json
import select
import socket
import sys
import time

SO_RCVBUFFORCE = 33
RECEIVE_BUFFER_BYTES = 64 * 1024 * 1024
RELAY_PORT = 4433
DATAGRAM_BYTES = 200
SETTLE_SECONDS = 0.5

role, address, port, relay = sys.argv[1:5]
peer = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
peer.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES)
peer.bind((address, int(port)))
print("ready", flush=True)


def has_ended():
    return select.select([0], [], [], 0)[0]


def source(per_second, prefix):
    sent = 0
    start = time.monotonic()
    while not has_ended():
        # A pause of this process makes it send later, never more at a time than the relay's buffers hold.
        due = min(int((time.monotonic() - start) * per_second), sent + 50)
        if due == sent + 50:
            start = time.monotonic() - due / per_second
        for number in range(sent, due):
            peer.sendto((prefix + number.to_bytes(8, "big")).ljust(DATAGRAM_BYTES, b"\0"), (relay, RELAY_PORT))
        sent = due
        time.sleep(0.002)
    print(json.dumps({"sent": sent}))


def ranges_of(numbers):
    ranges = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def sink(prefix):
    numbers, repeated, strange = set(), 0, 0
    peer.settimeout(SETTLE_SECONDS)
    while True:
        try:
            datagram, (host, port, *_) = peer.recvfrom(65536)
        except TimeoutError:
            if has_ended():
                break
            continue
        number = int.from_bytes(datagram[len(prefix):len(prefix) + 8], "big")
        is_whole = len(datagram) == DATAGRAM_BYTES and datagram.startswith(prefix)
        strange += not (is_whole and (host, port) == (relay, RELAY_PORT))
        repeated += number in numbers
        numbers.add(number)
    print(json.dumps({"ranges": ranges_of(numbers), "repeated": repeated, "strange": strange}))


if role == "source":
    source(int(sys.argv[5]), bytes.fromhex(sys.argv[6]))
else:
    sink(bytes.fromhex(sys.argv[5]))
