import { describe, expect, it } from "vitest";
import type { RelayFigures } from "../../../src/telemetry/contract.ts";
import { RelayMetrics } from "../../../src/telemetry/metrics.ts";
import { createSdk } from "./sdk.ts";

function traffic(packets: number): { packets: number; bytes: number } {
  return { packets, bytes: packets * 1200 };
}

/** A relay whose figures a test turns up. */
function createRelay(): {
  figures: () => RelayFigures;
  forward: (path: "kernel" | "user", n: number) => void;
} {
  const packets = { kernel: 0, user: 0 };
  return {
    figures: () => ({
      backend: "native",
      traffic: { kernel: traffic(packets.kernel), user: traffic(packets.user) },
      dropped: { "rate-limited": packets.user * 2 },
      messages: { taken: 1 },
      stunPort: { answered: packets.user, "too-short": 0 },
      registrations: 3,
      queuedMessages: 4,
    }),
    forward: (path, count) => {
      packets[path] += count;
    },
  };
}

describe("the metrics of a relay", () => {
  it("are read at each collection, with one look for all of them", async () => {
    const { meter, collect } = createSdk();
    const relay = createRelay();
    let looks = 0;
    const metrics = new RelayMetrics(meter, () => {
      looks++;
      return relay.figures();
    });
    relay.forward("user", 5);
    looks = 0;
    expect(await collect()).toEqual({
      "quicpipe.relay.io": { "transmit kernel native": 0, "transmit user native": 6000 },
      "quicpipe.relay.packets": { "transmit kernel native": 0, "transmit user native": 5 },
      "quicpipe.relay.dropped": { "rate-limited": 10 },
      "quicpipe.mailbox.messages": { taken: 0 },
      "quicpipe.stun_port.messages": { answered: 5, "too-short": 0 },
      "quicpipe.registration.active": { "": 3 },
      "quicpipe.mailbox.queued": { "": 4 },
    });
    expect(looks).toBe(1);
    metrics.close();
  });

  it("leave out what adopted tables of the kernel counted for an earlier process", async () => {
    const { meter, collect } = createSdk();
    const relay = createRelay();
    relay.forward("kernel", 1_000_000);
    const metrics = new RelayMetrics(meter, relay.figures);
    expect((await collect())["quicpipe.relay.packets"]).toEqual({
      "transmit kernel native": 0,
      "transmit user native": 0,
    });
    relay.forward("kernel", 7);
    expect((await collect())["quicpipe.relay.packets"]!["transmit kernel native"]).toBe(7);
    metrics.close();
  });

  it("have exact deltas while packets change from one path to the other", async () => {
    const { meter, collect } = createSdk({ delta: true });
    const relay = createRelay();
    const metrics = new RelayMetrics(meter, relay.figures);
    const deltas: unknown[] = [];
    for (const path of ["user", "kernel", "user"] as const) {
      relay.forward(path, 10);
      deltas.push((await collect())["quicpipe.relay.packets"]);
    }
    expect(deltas).toEqual([
      { "transmit kernel native": 0, "transmit user native": 10 },
      { "transmit kernel native": 10, "transmit user native": 0 },
      { "transmit kernel native": 0, "transmit user native": 10 },
    ]);
    metrics.close();
  });

  it("add up over relays of one process, at once and one after another", async () => {
    const { meter, collect } = createSdk();
    const packets = async (): Promise<number> =>
      (await collect())["quicpipe.relay.packets"]!["transmit user native"]!;
    const [one, other] = [createRelay(), createRelay()];
    const first = new RelayMetrics(meter, one.figures);
    const second = new RelayMetrics(meter, other.figures);
    one.forward("user", 1);
    other.forward("user", 10);
    expect(await packets()).toBe(11);
    expect((await collect())["quicpipe.registration.active"]).toEqual({ "": 6 });
    // What comes between the last collection and the end is counted too, and what comes after is not.
    one.forward("user", 100);
    first.close();
    first.close();
    one.forward("user", 1000);
    expect(await packets()).toBe(111);
    second.close();
    expect(await packets()).toBe(111);
    expect((await collect())["quicpipe.registration.active"]).toEqual({ "": 0 });
    const third = new RelayMetrics(meter, one.figures);
    one.forward("user", 5);
    expect(await packets()).toBe(116);
    third.close();
  });

  it("record how long registrations were held, in seconds", async () => {
    const { meter, collect } = createSdk();
    const metrics = new RelayMetrics(meter, createRelay().figures);
    metrics.registrationEnded(1.5, "ended");
    metrics.registrationEnded(60, "expired");
    metrics.registrationEnded(60, "expired");
    expect((await collect())["quicpipe.registration.duration"]).toEqual({ ended: 1.5, expired: 120 });
    metrics.close();
  });
});
