"""Carries Ethernet frames between pairs of interfaces, late and with losses: the kernel's netem is not everywhere.

Arguments name cables as "alice-bob": what comes in by the interface "alice-bob" leaves by "bob-alice", and the other
way round. Commands come as lines of JSON on stdin, each answered by a line, "set"; at its end the program ends.

{"way": "alice-bob", "delayMs": ms, "loss": 0..1, "burst": packets}

"loss" is the share of UDP packets that is lost, "burst" how many are lost in a row on average, 0 for each by itself.
Where few packets come a burst ends by time, as if one came every 2 ms.
"""
import json
import os
import random
import select
import socket
import sys
import time
from collections import deque

ETH_P_ALL = 3
SOL_PACKET = 263
PACKET_IGNORE_OUTGOING = 23
SO_RCVBUFFORCE = 33
BUFFER_BYTES = 8 << 20
# Longer than a second of 8 MB/s in packets of 1200 bytes; what finds no room is lost, as in a router.
QUEUE_PACKETS = 10_000
READS_IN_A_ROW = 64
SECONDS_OF_A_PACKET = 0.002
UDP = 17


def open_link(name):
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    link.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    link.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)
    link.bind((name, 0))
    link.setblocking(False)
    return link


def is_udp(frame):
    """Neither ARP nor ICMPv6, without which a cable would be dead for a second."""
    kind = frame[12:14]
    return (kind == b"\x08\x00" and frame[23] == UDP) or (kind == b"\x86\xdd" and frame[20] == UDP)


class Way:
    """One direction of a cable. Packets stay in order."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.queue = deque()
        # Which packets are lost is the same in each run.
        self.chance = random.Random(1)
        self.set({})

    def set(self, command):
        self.delay = command.get("delayMs", 0) / 1000
        self.loss, self.burst = command.get("loss", 0), command.get("burst", 0)
        self.is_losing, self.last_at = False, time.monotonic()

    def loses(self, now):
        """With bursts, two states (Gilbert's model): one loses everything, and lasts as long as a burst."""
        if self.burst == 0 or self.loss in (0, 1):
            return self.chance.random() < self.loss
        packets = int((now - self.last_at) / SECONDS_OF_A_PACKET)
        self.last_at = now
        for _ in range(max(1, min(packets, 1000))):
            change = 1 / self.burst if self.is_losing else self.loss / (self.burst * (1 - self.loss))
            if self.chance.random() < change:
                self.is_losing = not self.is_losing
        return self.is_losing

    def take(self):
        for _ in range(READS_IN_A_ROW):
            try:
                frame = self.source.recv(65536)
            except BlockingIOError:
                return
            now = time.monotonic()
            if len(self.queue) < QUEUE_PACKETS and not (is_udp(frame) and self.loses(now)):
                self.queue.append((now + self.delay, frame))

    def give(self, now):
        while self.queue and self.queue[0][0] <= now:
            self.target.send(self.queue.popleft()[1])


def ways_of(cable):
    one, other = cable.split("-")
    links = open_link(f"{one}-{other}"), open_link(f"{other}-{one}")
    return {f"{one}-{other}": Way(*links), f"{other}-{one}": Way(*reversed(links))}


ways = {name: way for cable in sys.argv[1:] for name, way in ways_of(cable).items()}
by_source = {way.source: way for way in ways.values()}
print("carrying", flush=True)
unread = b""
while True:
    due = min((way.queue[0][0] for way in ways.values() if way.queue), default=None)
    wait = None if due is None else max(0, due - time.monotonic())
    ready, _, _ = select.select([0, *by_source], [], [], wait)
    if 0 in ready:
        read = os.read(0, 1 << 16)
        if not read:
            break
        *lines, unread = (unread + read).split(b"\n")
        for command in map(json.loads, lines):
            ways[command["way"]].set(command)
            print("set", flush=True)
    for source in ready:
        if source in by_source:
            by_source[source].take()
    now = time.monotonic()
    for way in ways.values():
        way.give(now)
