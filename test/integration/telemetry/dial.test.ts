import { context, metrics, trace } from "@opentelemetry/api";
import { describe, expect, it, onTestFinished } from "vitest";
import { startTelemetry } from "../../../examples/telemetry/sdk.ts";
import { attributes as known } from "../../../src/telemetry/names.ts";
import { codeOf, echo, nextConnection, roundTrip, testIdentities } from "../harness/peers.ts";
import { freePort } from "../harness/network/ports.ts";
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver, type Values } from "./otlp-receiver.ts";
import { startTelemetryRelay, type TelemetryRelay } from "./process.ts";
import { parsePrometheus, type PrometheusPage } from "./prometheus.ts";

/** Span kinds of OTLP. */
const kinds = { server: 2, client: 3, consumer: 5 } as const;

describe("a dial through a relay with the real SDK", () => {
  it("is traced over both peers and the relay, and counted where it was forwarded", async () => {
    const { receiver, page, dialedAtMs, answeredAtMs, reasons } = await tellDial();
    const { dial, accept, send, take, relay, direct } = readSpans(receiver);

    // The dialer's trace: all that the relay did for it is below the dial.
    expect(dial).toMatchObject({ service: "peers", kind: kinds.client, parentId: "", scope: "quicpipe" });
    for (const part of [send, relay.alice]) expect(part).toMatchObject(below(dial));
    expect(send.kind).toBe(kinds.server);
    // The accepter's trace: a trace of its own that knows where it comes from.
    expect(accept).toMatchObject({ kind: kinds.consumer, parentId: "", links: [dial.spanId] });
    expect(accept.traceId).not.toBe(dial.traceId);
    for (const part of [take, relay.bob]) expect(part).toMatchObject(below(accept));
    expect(take.links).toEqual([send.spanId]);
    // The two ends of the connection know each other.
    expect(relay.alice.links).toEqual([relay.bob.spanId]);
    expect(relay.bob.links).toEqual([relay.alice.spanId]);

    // Each peer looks for a direct path once the connection is there.
    for (const [search, parent, reason] of [
      [direct.alice, dial, reasons.alice],
      [direct.bob, accept, reasons.bob],
    ] as const) {
      expect(search).toMatchObject({ ...below(parent), service: "peers" });
      expect(search.attributes).toEqual({
        "quicpipe.direct.outcome": "relay",
        "quicpipe.direct.reason": reason,
      });
    }

    for (const { events, attributes, startMs, endMs } of [relay.alice, relay.bob]) {
      expect(events.map(({ name }) => name)).toEqual(["quicpipe.relay.first_packet"]);
      const [first] = events;
      expect(first!.attributes["quicpipe.path"]).toMatch(/^(kernel|user)$/);
      expect(first!.attributes["quicpipe.backend"]).toMatch(/^(native|dgram)$/);
      expect(first!.atMs).toBeGreaterThanOrEqual(Math.max(startMs, dialedAtMs));
      expect(first!.atMs).toBeLessThanOrEqual(Math.min(endMs, answeredAtMs));
      expect(attributes["quicpipe.registration.end_reason"]).toBe("ended");
      expect(attributes["network.peer.address"]).toBe("127.0.0.1");
    }
    expect(traffic(relay.alice, "from")).toEqual(traffic(relay.bob, "to"));
    expect(traffic(relay.alice, "to")).toEqual(traffic(relay.bob, "from"));
    expect(traffic(relay.alice, "from").packets).toBeGreaterThan(0);
    expect(receiver.spans.filter(({ statusCode }) => statusCode !== 0)).toEqual([]);

    // Nothing but what is documented, and no token.
    const names = receiver.spans.flatMap((span) =>
      [span, ...span.events].flatMap((part) => Object.keys(part.attributes)),
    );
    expect(Object.values(known)).toEqual(expect.arrayContaining([...new Set(names)]));
    expect(JSON.stringify(receiver.spans)).not.toContain("eyJ");

    const forwarded = traffic(relay.alice, "from").packets + traffic(relay.alice, "to").packets;
    expect(sumOf(receiver, "quicpipe.relay.packets")).toBe(forwarded);
    expect(sumOf(receiver, "quicpipe.registration.duration")).toBe(2);
    expect(sumOf(receiver, "quicpipe.registration.active")).toBe(0);
    expect(sumOf(receiver, "quicpipe.direct.search.duration", "peers")).toBe(2);
    expect(sumOf(receiver, "quicpipe.connection.active", "peers")).toBe(0);
    checkPage(page);
  });

  it("that no peer answers says why it failed, and leaves no span open", async () => {
    const receiver = await startOtlpReceiver();
    const relay = await startTelemetryRelay(receiver.url);
    const shutdown = await startPeerTelemetry();
    const alice = await relay.bind("alice");
    const dialing = alice.dial("bob", { trust: "insecure", timeoutMs: 5000 });
    expect(await codeOf(dialing)).toBe("ERR_QUICPIPE_DIAL_TIMEOUT");
    await alice.close();
    await relay.stop();
    await shutdown();
    const [dial] = named(receiver, "quicpipe.dial");
    expect(dial).toMatchObject({ attributes: { "error.type": "ERR_QUICPIPE_DIAL_TIMEOUT" }, statusCode: 2 });
    expect(named(receiver, "quicpipe.relay")).toMatchObject([below(dial!)]);
    expect(named(receiver, "quicpipe.relay")[0]!.events).toEqual([]);
  });
});

/** What a dial was like. */
interface Talk {
  readonly dialedAtMs: number;
  readonly answeredAtMs: number;
  /** Why the peers are on the relay. */
  readonly reasons: Readonly<Record<"alice" | "bob", string>>;
}

/** Dials through the example's relay, says hello and closes everything. */
async function tellDial(): Promise<Talk & { receiver: OtlpReceiver; page: PrometheusPage }> {
  const receiver = await startOtlpReceiver();
  const relay = await startTelemetryRelay(receiver.url);
  const shutdown = await startPeerTelemetry();
  const { close, ...told } = await talk(relay);
  const page = parsePrometheus(await (await fetch(relay.metricsUrl)).text());
  await close();
  await relay.stop();
  await shutdown();
  return { receiver, page, ...told };
}

async function talk(relay: TelemetryRelay): Promise<Talk & { close: () => Promise<unknown> }> {
  const ids = await testIdentities();
  const alice = await relay.bind("alice");
  const bob = await relay.bind("bob", { trust: [ids.alice.pin] });
  const accepting = nextConnection(bob);
  const dialedAtMs = Date.now();
  const near = await alice.dial("bob", { pin: ids.bob.pin });
  const far = await accepting;
  void echo(far);
  expect(await roundTrip(near, "hello")).toBe("hello");
  const answeredAtMs = Date.now();
  // There is no direct path on loopback, and both peers say why.
  await expect.poll(() => near.path.reason && far.path.reason).toBeDefined();
  const reasons = { alice: near.path.reason!, bob: far.path.reason! };
  return { dialedAtMs, answeredAtMs, reasons, close: () => Promise.all([alice.close(), bob.close()]) };
}

/** The peers' SDK, in this process. */
async function startPeerTelemetry(): Promise<() => Promise<void>> {
  const { shutdown } = await startTelemetry("peers", await freePort());
  onTestFinished(() => {
    for (const api of [trace, metrics, context]) api.disable();
  });
  return shutdown;
}

interface DialSpans {
  readonly dial: ReceivedSpan;
  readonly accept: ReceivedSpan;
  readonly send: ReceivedSpan;
  readonly take: ReceivedSpan;
  readonly relay: Readonly<Record<"alice" | "bob", ReceivedSpan>>;
  readonly direct: Readonly<Record<"alice" | "bob", ReceivedSpan>>;
}

/** The eight spans of a dial, and no others: each peer registers with the request that it needs the registration for. */
function readSpans(receiver: OtlpReceiver): DialSpans {
  expect(receiver.spans).toHaveLength(8);
  const only = (name: string): ReceivedSpan => named(receiver, name)[0]!;
  const dial = only("quicpipe.dial");
  const each = (name: string): DialSpans["relay"] => ({
    alice: named(receiver, name).find(({ traceId }) => traceId === dial.traceId)!,
    bob: named(receiver, name).find(({ traceId }) => traceId !== dial.traceId)!,
  });
  const relay = each("quicpipe.relay");
  expect(relay.alice.attributes["user.id"]).toBe("alice");
  expect(relay.bob.attributes["user.id"]).toBe("bob");
  return {
    dial,
    accept: only("quicpipe.accept"),
    send: only("quicpipe.mailbox.send"),
    take: only("quicpipe.mailbox.take"),
    relay,
    direct: each("quicpipe.direct"),
  };
}

function named({ spans }: OtlpReceiver, name: string): ReceivedSpan[] {
  return spans.filter((span) => span.name === name);
}

function below({ traceId, spanId }: ReceivedSpan): Partial<ReceivedSpan> {
  return { service: "quicpipe-relay", traceId, parentId: spanId };
}

function traffic({ attributes }: ReceivedSpan, way: "from" | "to"): { packets: number; bytes: number } {
  const figure = (kind: string): number => Number(attributes[`quicpipe.relay.${kind}_${way}`]);
  return { packets: figure("packets"), bytes: figure("bytes") };
}

/** What a metric stood at in the last collection, over all of its series. */
function sumOf({ points }: OtlpReceiver, name: string, service = "quicpipe-relay"): number {
  const series = new Map<string, number>();
  for (const point of points)
    if (point.name === name && point.service === service)
      series.set(JSON.stringify(point.attributes), point.value);
  expect(series.size).toBeGreaterThan(0);
  return [...series.values()].reduce((sum, value) => sum + value, 0);
}

/** The page that Prometheus got while the connection stood. */
function checkPage({ samples, types }: PrometheusPage): void {
  const valueOf = (name: string, labels: Values = {}): number => {
    const fits = samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
    return fits.reduce((sum, { value }) => sum + value, 0);
  };
  expect(types).toMatchObject({
    quicpipe_relay_io_total: "counter",
    quicpipe_relay_packets_total: "counter",
    quicpipe_relay_dropped_total: "counter",
    quicpipe_mailbox_messages_total: "counter",
    quicpipe_registration_active: "gauge",
    quicpipe_mailbox_queued: "gauge",
  });
  expect(valueOf("quicpipe_registration_active")).toBe(2);
  expect(valueOf("quicpipe_mailbox_messages_total", { quicpipe_mailbox_outcome: "taken" })).toBe(1);
  expect(valueOf("quicpipe_relay_packets_total")).toBeGreaterThan(0);
  expect(valueOf("quicpipe_relay_io_total", { network_io_direction: "transmit" })).toBeGreaterThan(0);
  const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
  expect([...labels].filter((label) => /user|address|port|registration_id/.test(label))).toEqual([]);
}
