import { type Harness, longPacket, openPeer, type Rig, type UdpPeer } from "./rig.ts";
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

/** What a long header packet has. */
export interface LongPacket {
  readonly to?: Uint8Array;
  readonly from?: Uint8Array;
  readonly bytes?: number;
  /** Under 256. */
  readonly version?: number;
}

/** A long header packet, of version 1 unless said; its type as RFC 9000 §17.2 numbers it. */
export function longPacketOf(
  type: number,
  { to = new Uint8Array(), from = new Uint8Array(), bytes = 60, version = 1 }: LongPacket,
): Buffer {
  const ids = Buffer.concat([Buffer.of(to.length), to, Buffer.of(from.length), from]);
  const header = Buffer.concat([Buffer.of(0xc0 | (type << 4), 0, 0, 0, version), ids]);
  return Buffer.concat([header, Buffer.alloc(bytes - header.length, 0x5a)]);
}

/** A short header packet to a connection ID of the gateway's. */
export function shortPacketTo(id: Uint8Array, bytes = 60): Buffer {
  return Buffer.concat([Buffer.of(0xc1 & 0x7f), id, Buffer.alloc(bytes - 1 - id.length, 0x5a)]);
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
  await ask(client, rig, shortPacketTo(id));
  return virtual;
}
