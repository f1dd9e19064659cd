import { expect, it } from "vitest";
import { createDgramForwarder } from "../../../src/forwarder/dgram/forwarder.ts";
import { createMailboxCounts } from "../../../src/plugin/mailbox/mailbox.ts";
import { telemetryFigures } from "../../../src/plugin/stats/stats.ts";
import { loadRelayTelemetry } from "../../../src/telemetry/index.ts";
import { createSdk, type TestSdk } from "../../unit/telemetry/sdk.ts";
import { createNative, describeNative } from "../forwarder/native/rig.ts";
import { type CreateForwarder, createHarness, settles } from "../forwarder/rig.ts";
import { shortPacket } from "../harness/packets.ts";
import { openPeer } from "../harness/udp-peer.ts";

const createDgram: CreateForwarder = (options) =>
  createDgramForwarder(options, { backendReason: "for a test" });

/** What a collection brought since the one before: packets and bytes of the series that moved. */
async function deltas(sdk: TestSdk): Promise<Record<string, readonly [packets: number, bytes: number]>> {
  const metrics = await sdk.collect();
  const series = Object.entries(metrics["quicpipe.relay.packets"]!).filter(([, packets]) => packets !== 0);
  return Object.fromEntries(
    series.map(([name, packets]) => [name, [packets, metrics["quicpipe.relay.io"]![name]!] as const]),
  );
}

/** Runs a relay's data plane, whose sessions move, end and come again, and checks each delta. */
async function live(sdk: TestSdk, create: CreateForwarder): Promise<void> {
  const { forwarder, ipv4, register, clock } = await createHarness(create).open();
  const { backend } = forwarder;
  const open = await loadRelayTelemetry({}, () => Promise.resolve(sdk.api));
  const mailboxCounts = createMailboxCounts();
  const telemetry = open({
    backend,
    figures: () => telemetryFigures({ forwarder, stunPort: undefined, mailboxCounts }),
    trafficOf: () => undefined,
    now: () => clock.nowMs,
  });
  const [alice, bob, elsewhere] = [await openPeer(), await openPeer(), await openPeer()];
  register(alice.address, 0x11);
  let session = register(bob.address, 0x22);
  let sent = 0;
  const send = async (packets: number): Promise<void> => {
    sent += packets;
    for (let i = 0; i < packets; i++) alice.send(shortPacket(0x22, 100), ipv4);
    await settles(() => forwarder.stats().relayed.packets, sent);
  };

  await send(3);
  expect(await deltas(sdk)).toEqual({ [`transmit user ${backend}`]: [3, 300] });
  forwarder.updateSession(session, { address: elsewhere.address });
  await send(5);
  expect(await deltas(sdk)).toEqual({ [`transmit user ${backend}`]: [5, 500] });
  forwarder.closeSession(session);
  expect(await deltas(sdk)).toEqual({});
  session = register(bob.address, 0x22);
  await send(2);
  expect(await deltas(sdk)).toEqual({ [`transmit user ${backend}`]: [2, 200] });
  // What nobody has collected when the relay ends is in the next collection.
  await send(4);
  telemetry.close();
  expect(await deltas(sdk)).toEqual({ [`transmit user ${backend}`]: [4, 400] });
  expect(await deltas(sdk)).toEqual({});
}

describeNative("deltas of forwarded packets", () => {
  it("are exact while addresses, sessions, relays and backends change", async () => {
    const sdk = createSdk({ delta: true });
    await live(sdk, createDgram);
    await live(sdk, createNative);
    await live(sdk, createDgram);
  });
});
