"""A peer on aioquic, which test/integration/harness/foreign/peer.ts starts and commands. It knows nothing of
the relay but its address: the test registers its key and carries its first flight."""

import base64
import hashlib
import itertools
import os
import select
import socket
import ssl
import sys
import time

from aioquic.buffer import Buffer
from aioquic.quic import events
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection, QuicConnectionId
from aioquic.quic.packet import encode_quic_retry, pull_quic_header
from aioquic.tls import Epoch
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CID_BYTES = 12
STDIN = 0
key = bytes.fromhex(os.environ["KEY"])


def derive(number):
    """Returns a connection ID of the key (docs/protocol.md, "Connection IDs")."""
    digest = hashlib.blake2b(number.to_bytes(4, "big"), digest_size=CID_BYTES, key=key).digest()
    return bytes([digest[0] & 0x7F]) + digest[1:]


ids = map(derive, itertools.count(1))


class Connection(QuicConnection):
    """A connection with IDs of the key, which asks a client for its certificate."""

    def __init__(self, **options):
        super().__init__(**options)
        self.host_cid = self._host_cids[0].cid = next(ids)
        self._local_initial_source_connection_id = self.host_cid

    def _replenish_connection_ids(self):
        while len(self._host_cids) < min(8, self._remote_active_connection_id_limit):
            self._host_cids.append(QuicConnectionId(next(ids), self._host_cid_seq, os.urandom(16)))
            self._host_cid_seq += 1

    def _initialize(self, peer_cid):
        super()._initialize(peer_cid)
        self.tls._request_client_certificate = not self._is_client


def configuration(is_client):
    made = QuicConfiguration(
        is_client=is_client,
        alpn_protocols=[os.environ["ALPN"]],
        connection_id_length=CID_BYTES,
        verify_mode=ssl.CERT_NONE,
        max_data=1 << 24,
        max_stream_data=1 << 24,
    )
    made.load_cert_chain(os.environ["CERTIFICATE"], os.environ["PRIVATE_KEY"])
    return made


class Peer:
    def __init__(self, role):
        host, port = os.environ["RELAY"].split(":")
        self.relay = (host, int(port))
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.connection = None
        self.echoes = {}
        if role == "dialer":
            self.connection = Connection(configuration=configuration(True))
            self.connection.connect(self.relay, now=time.monotonic())
            self.flush()
        else:
            # The proxy between this program and the relay learns its address.
            self.socket.sendto(b"\0", self.relay)

    def run(self):
        self.is_over = False
        while not self.is_over:
            due = self.connection and self.connection.get_timer()
            wait = None if due is None else max(0, due - time.monotonic())
            readable, _, _ = select.select([self.socket, STDIN], [], [], wait)
            if self.socket in readable:
                self.receive(self.socket.recv(2048))
            if STDIN in readable:
                # Not by sys.stdin, which would keep a second line where select does not see it.
                for line in os.read(STDIN, 4096).decode().splitlines():
                    self.obey(line.split())
            if due is not None and due <= time.monotonic():
                self.connection.handle_timer(time.monotonic())
            self.tell()
            self.flush()

    def receive(self, datagram):
        if self.connection is None and not self.accept(datagram):
            return
        self.connection.receive_datagram(datagram, self.relay, now=time.monotonic())

    def accept(self, datagram):
        """Begins a connection; if RETRY is set, not before a token has come back (RFC 9000 section 8.1.2)."""
        header = pull_quic_header(Buffer(data=datagram), host_cid_length=CID_BYTES)
        original, retried = header.destination_cid, None
        if "RETRY" in os.environ:
            if not header.token:
                self.retry(header)
                return False
            retried, original = header.token[:CID_BYTES], header.token[CID_BYTES:]
        self.connection = Connection(
            configuration=configuration(False),
            original_destination_connection_id=original,
            retry_source_connection_id=retried,
        )
        return True

    def retry(self, header):
        source = next(ids)
        answer = encode_quic_retry(
            version=header.version,
            source_cid=source,
            destination_cid=header.source_cid,
            original_destination_cid=header.destination_cid,
            retry_token=source + header.destination_cid,
        )
        self.socket.sendto(answer, self.relay)

    def obey(self, command):
        match command:
            case ["echo", size]:
                self.ask_echo(int(size))
            case ["change-id"]:
                self.connection.change_connection_id()
                say(f"id {self.connection._peer_cid.sequence_number}")
            case ["update-keys"]:
                self.connection.request_key_update()
            case ["keys"]:
                say(f"key phase {self.connection._cryptos[Epoch.ONE_RTT].key_phase}")
            case ["close"]:
                self.connection.close()

    def ask_echo(self, size):
        sent = os.urandom(size)
        stream = self.connection.get_next_available_stream_id()
        self.echoes[stream] = (sent, bytearray(), None)
        self.connection.send_stream_data(stream, sent, end_stream=True)

    def flush(self):
        if self.connection:
            for datagram, _ in self.connection.datagrams_to_send(now=time.monotonic()):
                self.socket.sendto(datagram, self.relay)

    def tell(self):
        while self.connection and (event := self.connection.next_event()):
            match event:
                case events.HandshakeCompleted():
                    self.require_pin()
                    say("connected")
                case events.StreamDataReceived(stream_id=stream) if stream in self.echoes:
                    self.hear_echo(stream, event)
                case events.StreamDataReceived(data=data, end_stream=end, stream_id=stream):
                    self.connection.send_stream_data(stream, data, end)
                case events.ConnectionTerminated(error_code=code, reason_phrase=reason):
                    say(f"closed: {code} {reason}")
                    self.is_over = True

    def require_pin(self):
        public = self.connection.tls._peer_certificate.public_key()
        spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        pin = "sha256/" + base64.b64encode(hashlib.sha256(spki).digest()).decode()
        if pin != os.environ["PIN"]:
            raise SystemExit("the pin is another")

    def hear_echo(self, stream, event):
        sent, received, last_byte = self.echoes[stream]
        received += event.data
        if last_byte is None and len(received) == len(sent):
            last_byte = time.monotonic()
        self.echoes[stream] = (sent, received, last_byte)
        if event.end_stream:
            if received != sent:
                raise SystemExit("the echo differs")
            say(f"echoed {len(sent)}, and the end {1e3 * (time.monotonic() - last_byte):.1f} ms later")


def say(text):
    print(text, flush=True)


Peer(sys.argv[1]).run()
