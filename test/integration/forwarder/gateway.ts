import type { Harness, Rig } from "./rig.ts";
import { longPacket, longPacketOf, shortPacket } from "../harness/packets.ts";
import { openPeer, type UdpPeer } from "../harness/udp-peer.ts";
import type { Address } from "../../../src/wire/address.ts";

/** The first packet of a client. */
export const initial: Buffer = longPacket(Buffer.from("aa8e87276f068b30", "hex"));

/** A relay, and the gateway behind it. */
export interface Gateway extends Rig {
  readonly upstream: UdpPeer;
}

/** A relay in front of an upstream that sends everything back with `>` before it. */
export async function openGateway(
  harness: Harness,
  options: Parameters<Harness["open"]>[0] = {},
  host = "127.0.0.1",
): Promise<Gateway> {
  const upstream = await openPeer(host);
  upstream.socket.on("message", (datagram, { address, port }) =>
    upstream.socket.send(Buffer.concat([Buffer.from(">"), datagram]), port, address),
  );
  return { ...(await harness.open({ upstream: upstream.address, ...options })), upstream };
}

/** An Initial or Handshake packet that tells its length, so that another may stand behind it (RFC 9000 §12.2). */
function wholePacketOf(type: number, to: Uint8Array, bytes = 100, version: Buffer = versions[1]): Buffer {
  const isInitial = ((type + (version === versions[2] ? 3 : 0)) & 3) === 0;
  const ids = Buffer.concat([Buffer.of(to.length), to, Buffer.of(2, 1, 2)]);
  const token = isInitial ? Buffer.concat([Buffer.of(0x40, 70), Buffer.alloc(70, 0xe0)]) : Buffer.alloc(0);
  const length = Buffer.of(0x40 | (bytes >> 8), bytes);
  const first = Buffer.of(0xc0 | (type << 4));
  return Buffer.concat([first, version, ids, token, length, Buffer.alloc(bytes, 0xee)]);
}

/** Versions of QUIC (RFC 9000 §15, RFC 9369 §3.1). */
export const versions: Readonly<Record<1 | 2, Buffer>> = {
  1: Buffer.of(0, 0, 0, 1),
  2: Buffer.of(0x6b, 0x33, 0x43, 0xcf),
};

type Coalesced = readonly [name: string, packets: readonly Buffer[], answers: boolean];

/** What the last datagram of a handshake may hold, and whether it answers the gateway, whose connection ID is `id`. */
export function coalesced(id: Buffer, other: Buffer): [name: string, datagram: Buffer, answers: boolean][] {
  const [initialPacket, handshake] = [wholePacketOf(0, id), wholePacketOf(2, id)];
  const second = [1, 3].map((type) => wholePacketOf(type, id, 100, versions[2]));
  const rows: readonly Coalesced[] = [
    ["an Initial with padding behind it", [initialPacket, Buffer.alloc(1000)], false],
    ["an Initial to another ID behind the first", [initialPacket, wholePacketOf(0, other)], false],
    ["a Handshake to another ID behind an Initial", [initialPacket, wholePacketOf(2, other)], false],
    ["a Handshake behind an Initial that is cut short", [initialPacket.subarray(0, -1), handshake], false],
    [
      "a Handshake behind an Initial longer than all",
      [wholePacketOf(0, id, 9000).subarray(0, 500), handshake],
      false,
    ],
    ["a Handshake within an Initial", [wholePacketOf(0, id).subarray(0, -100), handshake], false],
    ["a Handshake behind four Initials", [...Array<Buffer>(4).fill(initialPacket), handshake], false],
    ["a Handshake behind a packet that is too short", [wholePacketOf(0, id, 19), handshake], false],
    ["a Handshake behind an Initial", [initialPacket, handshake], true],
    ["a Handshake behind three Initials", [...Array<Buffer>(3).fill(initialPacket), handshake], true],
    ["a short header behind an Initial", [initialPacket, shortPacket(id, 60)], true],
    ["a Handshake behind an Initial of version 2", second, true],
  ];
  return rows.map(([name, packets, answers]) => [name, Buffer.concat(packets), answers]);
}

/** A connection ID that no relayed one looks like. */
export function gatewayId(number: number): Buffer {
  return Buffer.concat([Buffer.of(0xf0, number >> 8, number), Buffer.alloc(17, 0x77)]);
}

/** What the gateway sees of the client that sent last. */
export function lastSeen({ upstream }: Gateway): Address {
  return upstream.inbox.at(-1)!.from;
}

/** Has the gateway send something to a client, and the client take it. */
export async function answer(
  client: UdpPeer,
  { upstream }: Gateway,
  virtual: Address,
  datagram: Buffer,
): Promise<void> {
  upstream.socket.send(datagram, virtual.port, virtual.address);
  await client.next();
}

/** Sends something to the gateway and takes what it sends back. */
export async function ask(client: UdpPeer, rig: Gateway, datagram: Buffer): Promise<void> {
  client.send(datagram, client.address.address.includes(":") ? rig.ipv6 : rig.ipv4);
  await client.next();
}

/** Has a client answer what the gateway sends it in a handshake, as QUIC does it; returns what the gateway sees of it. */
export async function graduate(client: UdpPeer, rig: Gateway, id: Buffer = gatewayId(1)): Promise<Address> {
  await ask(client, rig, initial);
  const virtual = lastSeen(rig);
  await answer(client, rig, virtual, longPacketOf(2, { from: id }));
  await ask(client, rig, shortPacket(id, 60));
  return virtual;
}
