import { describe, expect, it } from "vitest";
import type { DropReason, SourcePolicy } from "../../../../src/forwarder/contract.ts";
import { type Counters, createCounters } from "../../../../src/forwarder/counters.ts";
import { classify, verdict } from "../../../../src/forwarder/dgram/demux.ts";
import { noCounters } from "../../registry/fake-forwarder.ts";
import { PacketRelay } from "../../../../src/forwarder/dgram/relay.ts";
import type { Address } from "../../../../src/wire/address.ts";

const nowMs = 1_000_000;
const alice: Address = { address: "192.0.2.1", port: 1 };
const bob: Address = { address: "192.0.2.2", port: 2 };
const cid: Buffer = Buffer.alloc(12, 0x11);
const toBob: Buffer = Buffer.concat([Buffer.from([0x40]), cid, Buffer.alloc(87)]);

interface Rig {
  readonly relay: PacketRelay;
  readonly counters: Counters;
  readonly sent: Address[];
  readonly ids: { readonly alice: number; readonly bob: number };
  receive(datagram: Uint8Array, source: Address, atMs?: number): DropReason | "relayed" | "gateway";
}

function createRig(options: { sourcePolicy?: SourcePolicy; failure?: unknown } = {}): Rig {
  const { sourcePolicy = "registered", failure = null } = options;
  const counters = createCounters();
  const sent: Address[] = [];
  const relay = new PacketRelay({
    sourcePolicy,
    counters,
    send: (_datagram, to, done) => {
      sent.push({ address: to.address, port: to.port });
      done(failure);
    },
  });
  const open = (cids: Buffer, address: Address): number =>
    relay.sessions.open({
      cids,
      address,
      bucket: relay.sessions.buckets.open(1000, nowMs),
      expiresAtMs: nowMs + 1000,
    });
  const ids = { alice: open(Buffer.alloc(12, 0x22), alice), bob: open(cid, bob) };
  return {
    relay,
    counters,
    sent,
    ids,
    receive(datagram, source, atMs = nowMs) {
      const before = { ...counters.dropped };
      const sorted = classify(datagram, source, atMs, relay);
      if (sorted === verdict.gateway) return "gateway";
      relay.forward(sorted, datagram, source, atMs);
      const names = Object.keys(before) as DropReason[];
      return names.find((name) => counters.dropped[name] > before[name]) ?? "relayed";
    },
  };
}

describe("Relay", () => {
  it("forwards from one registration's address to another, and counts on both sides", () => {
    const rig = createRig();
    expect(rig.receive(toBob, alice)).toBe("relayed");
    expect(rig.sent).toEqual([bob]);
    expect(rig.counters.relayed).toEqual({ packets: 1, bytes: 100 });
    const { sessions } = rig.relay;
    const first = { ...noCounters, firstForwardedAtMs: nowMs };
    expect(sessions.require(rig.ids.alice).counters).toEqual({ ...first, packetsFrom: 1, bytesFrom: 100 });
    expect(sessions.require(rig.ids.bob).counters).toEqual({ ...first, packetsTo: 1, bytesTo: 100 });
  });

  it("counts nothing as forwarded that the system refused", () => {
    const rig = createRig({ failure: "EPERM" });
    expect(rig.receive(toBob, alice)).toBe("send-failed");
    expect(rig.counters.relayed.packets).toBe(0);
    expect(rig.relay.sessions.require(rig.ids.alice).counters.packetsFrom).toBe(0);
  });

  it("takes no token for a datagram that it does not forward to anyone", () => {
    const rig = createRig();
    rig.relay.sessions.update(rig.ids.bob, { address: null });
    for (let i = 0; i < 1000; i++) expect(rig.receive(toBob, alice)).toBe("no-address");
    const { packetsNoAddress, firstForwardedAtMs } = rig.relay.sessions.require(rig.ids.bob).counters;
    expect([packetsNoAddress, firstForwardedAtMs]).toEqual([1000, null]);
    rig.relay.sessions.update(rig.ids.bob, { address: bob });
    expect(rig.receive(toBob, alice)).toBe("relayed");
  });

  it("refuses a sender whose own registration has expired", () => {
    const rig = createRig();
    rig.relay.sessions.update(rig.ids.alice, { expiresAtMs: nowMs });
    expect(rig.receive(toBob, alice)).toBe("source-unregistered");
  });

  it("lets anyone send where the source policy is off, at no session's expense", () => {
    const rig = createRig({ sourcePolicy: "any" });
    const stranger = { address: "203.0.113.1", port: 3 };
    for (let i = 0; i < 1000; i++) expect(rig.receive(toBob, stranger)).toBe("relayed");
    expect(rig.relay.sessions.require(rig.ids.bob).counters.packetsTo).toBe(1000);
  });

  it("checks in the order of the design: source, bucket, destination", () => {
    const rig = createRig();
    const flood = Buffer.concat([toBob, Buffer.alloc(64 * 1024 - 100)]);
    expect(rig.receive(flood, bob)).toBe("source-is-destination");
    expect(rig.receive(toBob, bob)).toBe("rate-limited");
    expect(rig.relay.sessions.require(rig.ids.bob).counters).toMatchObject({
      packetsLimited: 1,
      packetsToItself: 1,
    });
  });

  it("follows an initial route from the dialer's current address only", () => {
    const rig = createRig();
    const initial = Buffer.concat([
      Buffer.from("c00000000108", "hex"),
      Buffer.alloc(8, 0x99),
      Buffer.alloc(90),
    ]);
    const route = { destinationId: Buffer.alloc(8, 0x99), to: rig.ids.bob, from: rig.ids.alice };
    rig.relay.initialRoutes.add({ ...route, expiresAtMs: nowMs + 10 }, nowMs);
    expect(rig.receive(initial, alice)).toBe("relayed");
    expect(rig.receive(initial, bob)).toBe("gateway");
    const moved = { address: "198.51.100.1", port: 7 };
    rig.relay.sessions.update(rig.ids.alice, { address: moved });
    expect(rig.receive(initial, alice)).toBe("gateway");
    expect(rig.receive(initial, moved)).toBe("relayed");
  });
});
