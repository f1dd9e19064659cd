import { describe, expect, it } from "vitest";
import { loadEngine } from "../../../../src/peer/engine/engine.ts";
import { connect, type End, type Relay } from "./ends.ts";

interface Ends {
  readonly alice: End;
  readonly bob: End;
  readonly relay: Relay;
  /** ID of the second path. */
  readonly path: number;
}

function isOpen({ events }: End): boolean {
  return events.some(({ kind }) => kind === "opened");
}

/** Two ends that prefer a second path. Without `isNarrow` it goes by the relay at first, which loses long datagrams with it. */
async function connectTwice(isNarrow = false): Promise<Ends> {
  const maxUdpPayloadBytes = isNarrow ? 1452 : 1200;
  const ends = await connect(loadEngine(), { maxPaths: 2, maxUdpPayloadBytes, isNarrow });
  const { alice, bob } = ends;
  for (const end of [alice, bob]) end.attach();
  if (isNarrow) goDirect(alice, bob);
  const path = alice.connection.openPath(false) as number;
  alice.driver.wake();
  await expect.poll(() => isOpen(alice) && isOpen(bob)).toBe(true);
  for (const { connection } of [alice, bob]) connection.setPathBackup(0, true);
  return { ...ends, path };
}

/** Has both ends send directly, and take what comes so. */
function goDirect(alice: End, bob: End, isMirrored = false): void {
  for (const [from, to] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    from.route = { direct: to.socket.local, isMirrored };
    to.socket.allowDirect(from.socket.local, { isProven: () => true });
  }
}

/** Packets of a path that have come to an end. */
function receivedBy({ connection }: End, path: number): number {
  return connection.paths().find(({ id }) => id === path)!.packetsReceived;
}

describe("packets of a second path over a socket of the engine", () => {
  it("go by the relay without a direct address, and are counted there as detours", async () => {
    const { alice, bob, relay, path } = await connectTwice();
    const [passed, received] = [relay.passed, receivedBy(bob, path)];
    alice.send(100_000);
    await expect.poll(() => bob.received).toBe(100_000);
    expect(relay.passed - passed).toBeGreaterThan(80);
    expect(receivedBy(bob, path) - received).toBeGreaterThan(80);
    expect(bob.detours).toBeGreaterThan(80);
    expect([bob.driver.refused, alice.mirrored]).toEqual([0, 0]);
  });

  it("go to the direct address and past the relay", async () => {
    const { alice, bob, relay } = await connectTwice();
    goDirect(alice, bob);
    relay.serve();
    const { detours } = bob;
    alice.send(1 << 20);
    bob.send(1 << 20);
    await expect.poll(() => [bob.received, alice.received]).toEqual([1 << 20, 1 << 20]);
    expect([bob.detours, bob.driver.refused, bob.socket.stats.foreign]).toEqual([detours, 0, 0]);
  });

  it("go both ways where they are mirrored, and a copy is a detour that nobody refuses", async () => {
    const { alice, bob, relay, path } = await connectTwice();
    goDirect(alice, bob, true);
    const [passed, received, { detours }] = [relay.passed, receivedBy(bob, path), bob];
    alice.send(100_000);
    await expect.poll(() => bob.received).toBe(100_000);
    await expect.poll(() => bob.detours - detours).toBeGreaterThan(80);
    expect(relay.passed - passed).toBeGreaterThan(80);
    expect(receivedBy(bob, path) - received).toBeGreaterThan(160);
    expect(alice.mirrored).toBeGreaterThan(0);
    // Where the copy comes first, the packet itself is of no use.
    expect(bob.driver.refused).toBeLessThan(80);
  });

  it("arrive where they are mirrored and either way loses them", async () => {
    const { alice, bob, relay } = await connectTwice();
    goDirect(alice, bob, true);
    relay.serve();
    alice.send(100_000);
    await expect.poll(() => bob.received).toBe(100_000);
    relay.serve(alice.socket, bob.socket);
    const nobody = { address: "127.0.0.1", port: 9 };
    for (const end of [alice, bob]) end.route = { direct: nobody, isMirrored: true };
    alice.send(100_000);
    await expect.poll(() => bob.received).toBe(200_000);
  });

  it("are mirrored only as far as the first path has room for them", async () => {
    const { alice, bob, relay, path } = await connectTwice(true);
    const sizeOf = (id: number): number =>
      alice.connection.paths().find((each) => each.id === id)!.udpPayloadBytes;
    await expect.poll(() => sizeOf(path)).toBeGreaterThan(1400);
    expect(sizeOf(0)).toBe(1200);
    goDirect(alice, bob, true);
    const { long } = relay;
    alice.send(1 << 20);
    await expect.poll(() => bob.received).toBe(1 << 20);
    // What is long and goes to the relay all the same are probes.
    expect(relay.long - long).toBeLessThan(20);
    alice.send(100);
    await expect.poll(() => bob.received).toBe((1 << 20) + 100);
    expect(alice.mirrored).toBeGreaterThan(0);
  });

  it("are foreign from an address that is not allowed, whatever their connection ID", async () => {
    const { alice, bob } = await connectTwice();
    alice.route = { direct: bob.socket.local, isMirrored: false };
    alice.send(1000);
    await expect.poll(() => bob.socket.stats.foreign).toBeGreaterThan(0);
    expect(bob.received).toBe(0);
    goDirect(alice, bob);
    await expect.poll(() => bob.received).toBe(1000);
  });

  it("stall where nobody answers, which is told, and the connection does not", async () => {
    const { alice, bob, path } = await connectTwice();
    alice.route = { direct: { address: "127.0.0.1", port: 9 }, isMirrored: false };
    alice.send(1000);
    await expect.poll(() => alice.events).toContainEqual({ kind: "stalled", id: path });
    expect(alice.stalls).toBe(0);
    expect(alice.connection.paths()[1]!.unansweredMs).toBeGreaterThan(0);
    expect(alice.connection.paths()[0]!.unansweredMs).toBe(0);
    alice.route = undefined;
    await expect.poll(() => bob.received).toBe(1000);
  });
});
