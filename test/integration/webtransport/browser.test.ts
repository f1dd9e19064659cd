import { H3 } from "h3";
import { describe, expect } from "vitest";
import type { QuicpipeOptions, Relay } from "../../../src/plugin/index.ts";
import { testCertificate } from "../harness/certificate.ts";
import { startHttp2 } from "../harness/gateway.ts";
import { DatagramProxy } from "../harness/network/datagram-proxy.ts";
import { commonPort } from "../harness/network/ports.ts";
import { talk } from "../harness/peers.ts";
import { createRelay } from "../harness/relay.ts";
import { backends, itWith } from "../harness/requirement.ts";
import { secret } from "../harness/token.ts";
import { startWebTransportServer, type WebTransportServer } from "../harness/foreign/webtransport-server.ts";
import { browse } from "./browse.ts";

/** A relay with a WebTransport server as its gateway, and its routes over TCP. */
interface Setup {
  readonly relay: Relay;
  readonly port: number;
  readonly server: WebTransportServer;
  readonly certificate: string;
}

async function setUp(options: QuicpipeOptions): Promise<Setup> {
  const server = await startWebTransportServer();
  const port = await commonPort();
  const relay = createRelay({ port, auth: { secret }, upstream: { port: server.port }, ...options });
  await relay.listen();
  await startHttp2(new H3().use(relay), { port });
  const { certificate } = await testCertificate();
  return { relay, port, server, certificate };
}

const streams = { bidirectional: true, unidirectional: "one way", datagram: "datagram" };

const itHere = itWith("chromium", "go-1.26");

describe.each(backends())("a WebTransport session of Chromium through a relay on %s", (backend) => {
  const forwarder = { backend };

  itHere("has streams, datagrams and close codes, beside relayed peers", async () => {
    const { relay, port, server, certificate } = await setUp({ forwarder });
    const steps = ["bidirectional", "unidirectional", "datagram", "close"];
    const [results, heard] = await Promise.all([
      browse({ origin: `127.0.0.1:${port}`, path: "/echo", certificate, steps }),
      talk(port),
    ]);
    expect(results).toEqual({ ...streams, close: { closeCode: 7, reason: "bye" } });
    expect(heard).toBe("hello");
    await server.child.prints(/^\/echo closed with 7 bye$/m);
    // The server sees a virtual address, which is that of this client alone.
    const [, address, virtualPort] = await server.child.prints(/^\/echo from (127\.\d+\.\d+\.\d+):(\d+)$/m);
    expect(address).not.toBe("127.0.0.1");
    expect(relay.sourceOf(address!, Number(virtualPort))).toMatchObject({ address: "127.0.0.1" });
  });

  itHere("learns the code with which the server breaks off a stream", async () => {
    const { port, certificate } = await setUp({ forwarder });
    const origin = `127.0.0.1:${port}`;
    expect(await browse({ origin, path: "/reset", certificate, steps: ["reset"] })).toEqual({ reset: 42 });
  });

  itHere("goes on from another port", async () => {
    const { port, certificate } = await setUp({ forwarder });
    const nat = await DatagramProxy.open(port);
    const ports = [nat.publicPort];
    const onMove = async (): Promise<void> => {
      await nat.rebind();
      ports.push(nat.publicPort);
    };
    const steps = ["bidirectional", "move", "datagram"];
    const results = await browse({
      origin: `127.0.0.1:${nat.port}`,
      path: "/echo",
      certificate,
      steps,
      onMove,
    });
    expect(results).toEqual({ bidirectional: true, move: true, datagram: "datagram" });
    expect(new Set(ports).size).toBe(2);
  });

  itHere("works over IPv6", async () => {
    const { port, certificate } = await setUp({ forwarder, host: "::1" });
    const steps = ["bidirectional", "unidirectional", "datagram"];
    expect(await browse({ origin: `[::1]:${port}`, path: "/echo", certificate, steps })).toEqual(streams);
  });
});
