import { describe, expect, it } from "vitest";
import { createDgramForwarder } from "../../../src/forwarder/dgram/forwarder.ts";
import { createForwarder } from "../../../src/forwarder/index.ts";
import { initial } from "./gateway.ts";
import { createHarness, settles } from "./rig.ts";
import { openPeer } from "../harness/udp-peer.ts";
import { gatewayCases } from "./gateway-cases.ts";
import { placeCases } from "./place-cases.ts";
import { forwarderSuite } from "./suite.ts";

const backendReason = "for a test";

forwarderSuite("dgram", (options) => createDgramForwarder(options, { backendReason }), [
  "dropped send-buffer-full",
  "dropped gateway-too-long",
  "dropped gateway-stray",
  "stun over-share",
  "stun overloaded",
]);

describe("the dgram backend where 127.0.0.0/8 is not whole", () => {
  const harness = createHarness((options) =>
    createDgramForwarder(options, { backendReason, clientsBy: "port" }),
  );
  gatewayCases(harness, "port");
  placeCases(harness);
});

describe("the dgram backend whose sockets to the gateway the system refuses", () => {
  // An IPv4 virtual address cannot be bound towards an IPv6 gateway: what EMFILE does, without using up all files.
  const harness = createHarness((options) =>
    createDgramForwarder(options, { backendReason, clientsBy: "address" }),
  );

  it("counts every datagram, and keeps no client", async () => {
    const upstream = await openPeer("::1");
    const { forwarder, ipv4 } = await harness.open({ upstream: upstream.address });
    const client = await openPeer();
    for (let i = 0; i < 3; i++) client.send(initial, ipv4);
    await settles(() => forwarder.stats().dropped["gateway-send-failed"], 3);
    expect(forwarder.stats().gateway).toEqual({
      packetsIn: 0,
      packetsOut: 0,
      clients: 0,
      onProbation: 0,
      givenUp: 0,
    });
  });
});

describe("createForwarder", () => {
  const harness = createHarness(createForwarder);

  it("runs the backend that it is told to, and says so", async () => {
    const { forwarder } = await harness.open({ backend: "dgram", threads: 2 });
    expect(forwarder).toMatchObject({
      backend: "dgram",
      backendReason: "as configured; one thread instead of 2",
    });
  });

  it("tells the clients of a gateway on ::1 apart by port", async () => {
    const upstream = await openPeer("::1");
    const { forwarder, ipv4 } = await harness.open({ upstream: upstream.address });
    expect(forwarder.backend).toBe("dgram");
    const client = await openPeer();
    client.send(initial, ipv4);
    await upstream.next();
    client.send(Buffer.from("again"), ipv4);
    await expect.poll(() => upstream.inbox.length).toBe(1);
    const { address, port } = upstream.inbox[0]!.from;
    expect(forwarder.clientOf(address, port)).toMatchObject(client.address);
  });
});
