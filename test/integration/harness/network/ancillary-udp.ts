import { createInterface } from "node:readline";
import { expect } from "vitest";
import type { Address } from "../../../../src/wire/address.ts";
import { projectPath, startChild } from "../child.ts";
import type { Namespace } from "./namespaces.ts";

/** A datagram with what the IP header says of it. */
export interface ReceivedDatagram {
  readonly datagram: Buffer;
  /** RFC 3168 §5: 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE. */
  readonly ecn: number;
  /** TTL or hop limit. */
  readonly ttl: number;
  readonly from: Address;
}

/** A UDP socket in a process of Python, as node:dgram has no ancillary data. Closed when the test ends. */
export interface AncillaryPeer {
  readonly address: Address;
  readonly inbox: ReceivedDatagram[];
  send(datagrams: readonly Uint8Array[], to: Address, ecn?: number): void;
  /** Sends datagrams of one size, but for the last which may be shorter, in one call, to be cut up by the system. */
  sendSegmented(datagrams: readonly Uint8Array[], to: Address): void;
  /** Sends a datagram `count` times, one in each `gapUs`. */
  stream(datagram: Uint8Array, to: Address, count: number, gapUs: number): void;
  /** Sets an option of the socket for all that is sent from now on. */
  set(option: keyof typeof options, value: number | Uint8Array): void;
  /** Waits until so many datagrams have come. */
  received(count: number): Promise<void>;
}

/** Level and option as Linux numbers them (socket.h, in.h, in6.h). */
const options = {
  noChecksum: { level: 1, option: 11 },
  ipTtl: { level: 0, option: 2 },
  ipOptions: { level: 0, option: 4 },
  ipPathMtuDiscovery: { level: 0, option: 10 },
  ipv6HopLimit: { level: 41, option: 16 },
  ipv6DestinationOptions: { level: 41, option: 59 },
} as const;

function toHex(datagrams: readonly Uint8Array[]): string[] {
  return datagrams.map((datagram) => Buffer.from(datagram).toString("hex"));
}

/** Opens such a socket, on loopback or in a namespace. */
export async function openAncillaryPeer(host = "127.0.0.1", where?: Namespace): Promise<AncillaryPeer> {
  const args = [projectPath("test/integration/harness/network/ancillary-udp.py"), host];
  const child = where ? where.start("python3", args) : startChild("python3", args);
  const [, port] = await child.prints(/"port": (\d+)\}\n/);
  const inbox: ReceivedDatagram[] = [];
  createInterface(child.process.stdout).on("line", (line) => {
    const { hex, from, ...header } = JSON.parse(line) as {
      readonly hex: string;
      readonly ecn: number;
      readonly ttl: number;
      readonly from: [string, number];
    };
    inbox.push({
      datagram: Buffer.from(hex, "hex"),
      ...header,
      from: { address: from[0], port: from[1] },
    });
  });
  const command = (fields: object): void => void child.process.stdin.write(`${JSON.stringify(fields)}\n`);
  const tell = (fields: object, { address, port: to }: Address): void =>
    command({ ...fields, to: [address, to] });
  return {
    address: { address: host, port: Number(port) },
    inbox,
    send: (datagrams, to, ecn = 0) => tell({ send: toHex(datagrams), ecn }, to),
    sendSegmented: (datagrams, to) => tell({ send: toHex(datagrams), segment: datagrams[0]!.length }, to),
    stream: (datagram, to, count, gapUs) => tell({ stream: toHex([datagram])[0], count, gapUs }, to),
    set(option, value) {
      const bytes = typeof value === "number" ? new Uint8Array(Uint32Array.of(value).buffer) : value;
      command({ ...options[option], value: toHex([bytes])[0] });
    },
    async received(count) {
      await expect.poll(() => inbox.length, { interval: 5 }).toBe(count);
    },
  };
}
