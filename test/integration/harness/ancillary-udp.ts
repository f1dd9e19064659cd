import { createInterface } from "node:readline";
import { expect } from "vitest";
import type { Address } from "../../../src/wire/address.ts";
import { projectPath, startChild } from "./child.ts";

/** A datagram with its ECN bits and when the kernel had it for the socket, in µs since the epoch. */
export interface ReceivedDatagram {
  readonly datagram: Buffer;
  /** RFC 3168 §5: 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE. */
  readonly ecn: number;
  readonly from: Address;
  readonly atUs: number;
}

/** A UDP socket in a process of Python, as node:dgram has no ancillary data. Closed when the test ends. */
export interface AncillaryPeer {
  readonly address: Address;
  readonly inbox: ReceivedDatagram[];
  send(datagrams: readonly Uint8Array[], to: Address, ecn?: number): void;
  /** Sends datagrams of one size, but for the last which may be shorter, in one call, to be cut up by the system. */
  sendSegmented(datagrams: readonly Uint8Array[], to: Address): void;
  /** Sends `prefix` and the time in µs `count` times, one in each `gapUs`. */
  stream(prefix: Uint8Array, to: Address, count: number, gapUs: number): void;
  /** Waits until so many datagrams have come. */
  received(count: number): Promise<void>;
}

function toHex(datagrams: readonly Uint8Array[]): string[] {
  return datagrams.map((datagram) => Buffer.from(datagram).toString("hex"));
}

/** Opens such a socket on loopback. */
export async function openAncillaryPeer(host = "127.0.0.1"): Promise<AncillaryPeer> {
  const child = startChild("python3", [projectPath("test/integration/harness/ancillary-udp.py"), host]);
  const [, port] = await child.prints(/"port": (\d+)\}\n/);
  const inbox: ReceivedDatagram[] = [];
  createInterface(child.process.stdout).on("line", (line) => {
    const { hex, ecn, from, atUs } = JSON.parse(line) as {
      readonly hex: string;
      readonly ecn: number;
      readonly from: [string, number];
      readonly atUs: number;
    };
    inbox.push({
      datagram: Buffer.from(hex, "hex"),
      ecn,
      from: { address: from[0], port: from[1] },
      atUs,
    });
  });
  const tell = (command: object, { address, port: to }: Address): void =>
    void child.process.stdin.write(`${JSON.stringify({ ...command, to: [address, to] })}\n`);
  return {
    address: { address: host, port: Number(port) },
    inbox,
    send: (datagrams, to, ecn = 0) => tell({ send: toHex(datagrams), ecn }, to),
    sendSegmented: (datagrams, to) => tell({ send: toHex(datagrams), segment: datagrams[0]!.length }, to),
    stream: (prefix, to, count, gapUs) => tell({ stream: toHex([prefix])[0], count, gapUs }, to),
    async received(count) {
      await expect.poll(() => inbox.length, { interval: 5, timeout: 5000 }).toBe(count);
    },
  };
}
