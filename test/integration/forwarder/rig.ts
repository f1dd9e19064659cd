import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { expect, onTestFinished } from "vitest";
import * as defaults from "../../../src/defaults/index.ts";
import type { Forwarder, ForwarderOptions, SessionSpec, StunVerdict } from "../../../src/forwarder/index.ts";
import { type Address, type PeerAddress, unmapAddress } from "../../../src/wire/address.ts";
import { cidBytes } from "../../../src/wire/connection-id.ts";

/** How a backend is opened; its threads, if it has any, read the time from the clock's cell. */
export type CreateForwarder = (options: ForwarderOptions, clock: BigInt64Array) => Promise<Forwarder>;

/** Opens forwarders and remembers which counters they moved. */
export interface Harness {
  open(options?: Partial<ForwarderOptions>): Promise<Rig>;
  /** `dropped …` and `stun …`, for each drop reason and STUN outcome that was counted in any test so far. */
  readonly tripped: Set<string>;
}

/** One forwarder under test, its clock, and what its authority knows. */
export interface Rig {
  readonly forwarder: Forwarder;
  /** Where clients reach it. */
  readonly ipv4: Address;
  readonly ipv6: Address;
  readonly clock: Clock;
  /** Secrets by registration id. */
  readonly secrets: Map<string, string>;
  /** What the authority says to a proof, by registration id; else it accepts. */
  readonly verdicts: Map<string, StunVerdict>;
  /** What was proven to the authority, and accepted. */
  readonly moves: { readonly id: string; readonly address: Address }[];
  /** Opens a session for a client, reached by connection IDs made of one byte each, with a bucket of its own unless told. */
  register(address: PeerAddress | null, cidByte: number, change?: Partial<SessionSpec>): number;
}

/** A clock that stands still until it is told. */
export interface Clock {
  /** ms since the epoch. */
  nowMs: number;
}

/** A UDP socket that keeps what it gets. Closed at the end of the test. */
export interface UdpPeer {
  readonly address: Address;
  readonly socket: Socket;
  readonly inbox: { readonly datagram: Buffer; readonly from: Address }[];
  send(datagram: Uint8Array, to: Address): void;
  /** The next datagram, or the first one that waits. */
  next(): Promise<Buffer>;
}

const waitMs = 3000;

/** A clock that keeps its time in memory which other threads can read. */
class SharedClock implements Clock {
  readonly cell: BigInt64Array = BigInt64Array.of(1_700_000_000_000n);

  get nowMs(): number {
    return Number(this.cell[0]);
  }

  set nowMs(nowMs: number) {
    Atomics.store(this.cell, 0, BigInt(nowMs));
  }
}

/** Prepares a harness for one backend. */
export function createHarness(create: CreateForwarder): Harness {
  const tripped = new Set<string>();
  async function open(options: Partial<ForwarderOptions> = {}): Promise<Rig> {
    const clock = new SharedClock();
    const secrets = new Map<string, string>();
    const verdicts = new Map<string, StunVerdict>();
    const moves: Rig["moves"] = [];
    const forwarder = await create(
      {
        host: "::",
        port: 0,
        backend: "auto",
        threads: 1,
        sourcePolicy: "registered",
        stun: "registered",
        authority: {
          secretOf: (id) => secrets.get(id),
          proven(id, { address: { address, port } }) {
            const verdict = verdicts.get(id) ?? "accepted";
            if (verdict === "accepted") moves.push({ id, address: { address, port } });
            return verdict;
          },
        },
        maxSessions: defaults.maxRegistrations,
        maxBuckets: defaults.maxRegistrations + defaults.maxIdleBuckets,
        maxGatewayClients: defaults.maxGatewayClients,
        socketBufferBytes: defaults.socketBufferBytes,
        onError: (error) => expect.unreachable(String(error)),
        now: () => clock.nowMs,
        ...options,
      },
      clock.cell,
    );
    onTestFinished(async () => {
      const { dropped, stun } = forwarder.stats();
      for (const [name, count] of Object.entries(dropped)) if (count > 0) tripped.add(`dropped ${name}`);
      for (const [name, count] of Object.entries(stun)) if (count > 0) tripped.add(`stun ${name}`);
      await forwarder.close();
    });
    const { port } = forwarder.address();
    return {
      forwarder,
      ipv4: { address: "127.0.0.1", port },
      ipv6: { address: "::1", port },
      clock,
      secrets,
      verdicts,
      moves,
      register: (address, cidByte, change) =>
        forwarder.openSession({
          cids: Buffer.alloc(cidBytes, cidByte),
          address,
          bucket: change?.bucket ?? forwarder.openBucket(defaults.bytesPerSecond),
          expiresAtMs: clock.nowMs + defaults.registrationTtlMs,
          ...change,
        }),
    };
  }
  return { open, tripped };
}

/** Opens a UDP socket on loopback. */
export async function openPeer(host = "127.0.0.1", port = 0): Promise<UdpPeer> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const inbox: UdpPeer["inbox"] = [];
  const waiting: (() => void)[] = [];
  let isOpen = true;
  socket.once("close", () => (isOpen = false));
  onTestFinished(() => void (isOpen && socket.close()));
  socket.on("message", (datagram, { address, port: from }) => {
    inbox.push({ datagram, from: { address: unmapAddress(address), port: from } });
    waiting.shift()?.();
  });
  socket.bind(port, host);
  await once(socket, "listening");
  return {
    address: { address: host, port: socket.address().port },
    socket,
    inbox,
    send: (datagram, to) => socket.send(datagram, to.port, to.address),
    async next() {
      if (inbox.length === 0)
        await new Promise<void>((resolve, reject) => {
          const timeout = setTimeout(() => reject(new TypeError("no datagram came")), waitMs);
          waiting.push(() => {
            clearTimeout(timeout);
            resolve();
          });
        });
      return inbox.shift()!.datagram;
    },
  };
}

/** Waits until a figure is what it has to be; fails with the last one. */
export async function settles(figure: () => unknown, expected: unknown): Promise<void> {
  await expect.poll(figure, { interval: 2, timeout: waitMs }).toEqual(expected);
}

/** A short-header packet to the connection ID made of `cidByte`. */
export function shortPacket(cidByte: number, bytes = 1200): Buffer {
  const payload = Buffer.from(Array.from({ length: bytes - 1 - cidBytes }, (_, i) => i & 0xff));
  return Buffer.concat([Buffer.from([0x41]), Buffer.alloc(cidBytes, cidByte), payload]);
}

/** A QUIC v1 Initial to any destination connection ID; the source's is empty, as a browser's. */
export function longPacket(
  destinationId: Uint8Array,
  bytes = 1200,
  sourceId: Uint8Array = new Uint8Array(),
): Buffer {
  const destination = [Buffer.from([0xc3, 0, 0, 0, 1, destinationId.length]), destinationId];
  const header = Buffer.concat([...destination, Buffer.from([sourceId.length]), sourceId]);
  return Buffer.concat([header, Buffer.alloc(bytes - header.length, 0xa5)]);
}
