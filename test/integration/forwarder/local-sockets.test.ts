import type { Socket } from "node:dgram";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { maxLocalSockets } from "../../../src/defaults/index.ts";
import { LocalSockets } from "../../../src/forwarder/udp/local-sockets.ts";
import { openPeer, type UdpPeer } from "../harness/udp-peer.ts";

// A change of the host is noticed at the next look.
vi.mock("../../../src/defaults/index.ts", async (original) => ({
  ...(await original()),
  localSocketPollMs: 100,
}));

interface Host {
  readonly sockets: LocalSockets;
  readonly port: number;
  /** The addresses of the host, as it is told. */
  readonly addresses: string[];
  /** Why they cannot be read, if they cannot. */
  fault: Error | undefined;
  /** How often they were read. */
  reads: number;
  /** Those for which a socket was opened. */
  readonly opened: string[];
  readonly errors: string[];
}

/** On a host that has the addresses that it is told; all of 127.0.0.0/8 can be bound. */
async function open(addresses: string[]): Promise<Host> {
  const probe = await openPeer("127.0.0.1");
  const { port } = probe.address;
  await new Promise<void>((resolve) => void probe.socket.close(resolve));
  const [opened, errors]: [string[], string[]] = [[], []];
  const host: Omit<Host, "sockets"> = { port, addresses, fault: undefined, reads: 0, opened, errors };
  const sockets = await LocalSockets.open({
    port,
    socketBufferBytes: 65_536,
    addresses() {
      host.reads++;
      if (host.fault) throw host.fault;
      return addresses;
    },
    spell: (address) => address,
    opened: (_socket: Socket, local) => void opened.push(local),
    onError: ({ message }) => void errors.push(message),
  });
  onTestFinished(() => sockets.close());
  return Object.assign(host, { sockets });
}

/** Waits until the addresses have been read twice more: what had to be said of the first time has been said then. */
async function readAgain(host: Host): Promise<void> {
  const { reads } = host;
  await expect.poll(() => host.reads).toBeGreaterThan(reads + 1);
}

function sendsFrom({ sockets }: Host, local: string, to: UdpPeer): boolean {
  const send = sockets.sendFrom(local);
  send?.(Buffer.from(local), to.address, (failure) => expect(failure).toBeNull());
  return send !== undefined;
}

describe("a socket for each address", () => {
  it("is there as long as the address is", async () => {
    const host = await open(["127.0.0.1", "127.0.0.2"]);
    const peer = await openPeer();
    expect(["127.0.0.2", "127.0.0.3"].map((local) => sendsFrom(host, local, peer))).toEqual([true, false]);
    await peer.next();
    host.addresses.splice(0, 2, "127.0.0.3");
    await expect.poll(() => sendsFrom(host, "127.0.0.3", peer)).toBe(true);
    await expect.poll(() => sendsFrom(host, "127.0.0.2", peer)).toBe(false);
    expect(host.opened).toEqual(["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
    expect(host.errors).toEqual([]);
    // The port of an address that has gone is free again.
    await openPeer("127.0.0.2", host.port);
  });

  it("is tried for again where another program has the port, which is said once", async () => {
    const host = await open(["127.0.0.1"]);
    const other = await openPeer("127.0.0.7", host.port);
    host.addresses.push("127.0.0.7");
    await expect.poll(() => host.errors).toHaveLength(1);
    expect(host.errors[0]).toContain(`127.0.0.7:${host.port} (EADDRINUSE)`);
    await readAgain(host);
    expect(host.errors).toHaveLength(1);
    await new Promise<void>((resolve) => void other.socket.close(resolve));
    await expect.poll(() => host.opened).toEqual(["127.0.0.1", "127.0.0.7"]);
  });

  it("stays as it is while the addresses cannot be read, which is said once each time", async () => {
    const host = await open(["127.0.0.1"]);
    for (const times of [1, 2]) {
      host.fault = Object.assign(new RangeError("no memory"), { code: "ENOMEM" });
      await expect.poll(() => host.errors).toHaveLength(times);
      await readAgain(host);
      expect(host.errors).toHaveLength(times);
      host.fault = undefined;
      host.addresses.push(`127.0.0.${times + 1}`);
      await expect.poll(() => host.opened).toHaveLength(times + 1);
    }
    expect(host.errors[0]).toContain("cannot be read (ENOMEM)");
  });

  it("is one for an address that two interfaces have", async () => {
    const host = await open(["127.0.0.1", "127.0.0.2", "127.0.0.1"]);
    expect(host.opened).toEqual(["127.0.0.1", "127.0.0.2"]);
    expect(host.errors).toEqual([]);
  });

  it("is not had for more addresses than may be, which is said", async () => {
    const addresses = Array.from(
      { length: maxLocalSockets + 3 },
      (_, i) => `127.0.${i >> 8}.${(i & 255) + 1}`,
    );
    const host = await open(addresses.filter((address) => !address.endsWith(".256")));
    expect(host.opened).toHaveLength(maxLocalSockets);
    expect(host.errors).toEqual([expect.stringMatching(/ 2 addresses more than get a socket \(256\)/)]);
  });
});
