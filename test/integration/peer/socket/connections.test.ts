import { describe, expect, it } from "vitest";
import { loadEngine } from "../../../../src/peer/engine/engine.ts";
import { connect, ect0, Relay } from "./ends.ts";

const ports = [
  ["node:dgram", undefined],
  ["the engine", loadEngine()],
] as const;

describe.each(ports)("connections over a socket of %s", (_name, engine) => {
  it("carry a stream each way, of more than a turn sends", async () => {
    const { alice, bob } = await connect(engine);
    alice.attach();
    bob.attach();
    const bytes = 6 << 20;
    alice.send(bytes);
    bob.send(bytes);
    await expect.poll(() => [alice.received, bob.received]).toEqual([bytes, bytes]);
    for (const { socket, driver } of [alice, bob]) {
      expect(socket.stats).toEqual({
        foreign: 0,
        strangersRefused: 0,
        unwanted: 0,
        sendFailed: 0,
        crowdedOut: 0,
      });
      // In a busy machine packets of the handshake are sent twice, and the later ones are of no use.
      expect(driver.refused).toBeLessThan(20);
    }
  });

  it("follow the relay to another address, and take nothing from the old one", async () => {
    const { alice, bob, relay } = await connect(engine);
    alice.attach();
    bob.attach();
    const next = await Relay.open();
    next.serve(alice.socket, bob.socket);
    for (const { socket } of [alice, bob]) socket.moveTo(next.at);
    alice.send(100_000);
    await expect.poll(() => bob.received).toBe(100_000);
    expect(next.passed).toBeGreaterThan(80);
    const { foreign } = bob.socket.stats;
    // In a busy machine packets of the handshake are sent twice, and the later ones are of no use.
    const { refused } = bob.driver;
    relay.send(Buffer.concat([Uint8Array.of(0x40), bob.ids.all[0]!, Buffer.alloc(30)]), bob.socket);
    await expect.poll(() => bob.socket.stats.foreign).toBe(foreign + 1);
    expect(bob.driver.refused).toBe(refused);
  });

  it("count what is of no use to them", async () => {
    const { bob, relay } = await connect(engine);
    bob.attach();
    const garbage = Buffer.concat([Uint8Array.of(0x40), bob.ids.all[0]!, Buffer.alloc(30)]);
    const { refused } = bob.driver;
    for (let i = 0; i < 3; i++) relay.send(garbage, bob.socket);
    await expect.poll(() => bob.driver.refused).toBeGreaterThanOrEqual(refused + 3);
    expect(bob.connection.end()).toBeUndefined();
  });

  it("get by the routes again what comes after the attachment has ended", async () => {
    const { alice, bob } = await connect(engine);
    bob.attach()();
    const routed = bob.routed.length;
    alice.send(1000);
    await expect.poll(() => bob.received).toBe(1000);
    expect(bob.routed.length).toBeGreaterThan(routed);
  });
});

describe("a connection over a socket of the engine", () => {
  it("marks its packets for ECN as long as the marks arrive, and acknowledges those of the other side", async () => {
    const { alice, bob } = await connect(loadEngine(), { isDirect: true });
    alice.send(100_000);
    bob.send(100_000);
    await expect.poll(() => [alice.received, bob.received]).toEqual([100_000, 100_000]);
    for (const { routed } of [alice, bob]) expect(new Set(routed)).toEqual(new Set([ect0]));
  });

  it("marks no more packets where the network clears the marks", async () => {
    // node:dgram, which the relay is of, sends without marks.
    const { alice, bob, relay } = await connect(loadEngine());
    bob.socket.pathTo(alice.socket.local);
    alice.socket.pathTo(relay.at);
    alice.socket.moveTo(bob.socket.local);
    const routed = bob.routed.length;
    alice.send(100_000);
    await expect.poll(() => bob.received).toBe(100_000);
    expect(new Set(bob.routed.slice(routed))).toEqual(new Set([0]));
  });

  it("gets its packets without a call for each", async () => {
    const { alice, bob } = await connect(loadEngine());
    bob.attach();
    // What was on its way when it was attached.
    const routed = bob.routed.length;
    alice.send(1 << 20);
    await expect.poll(() => bob.received).toBe(1 << 20);
    expect(bob.routed.length - routed).toBeLessThan(10);
  });
});
