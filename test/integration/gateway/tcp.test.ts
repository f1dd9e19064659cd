import type { TLSSocket } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type Http2Gateway,
  type Http2GatewayOptions,
  type Http3App,
  serveHttp2,
} from "../../../src/gateway/index.ts";
import { openHttp1 } from "../harness/http1-client.ts";
import { testCertificate } from "../harness/relay.ts";

async function startServer(
  fetch: Http3App["fetch"],
  options: Partial<Http2GatewayOptions> = {},
): Promise<Http2Gateway> {
  const { privateKey: key, certificate: cert } = await testCertificate();
  const gateway = await serveHttp2({ fetch }, { host: "127.0.0.1", key, cert, logger: false, ...options });
  onTestFinished(() => gateway.close());
  return gateway;
}

function closed(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => void socket.once("close", resolve));
}

/** From one port. */
async function openBoth({ port }: Http2Gateway): Promise<TLSSocket[]> {
  const one = await openHttp1({ port, localAddress: "127.0.0.1" });
  const { localPort } = one.socket;
  const other = await openHttp1({
    port,
    host: "127.0.0.2",
    localAddress: "127.0.0.1",
    localPort: localPort!,
  });
  return [one.socket, other.socket];
}

describe("two connections of one client's port to two addresses of the server", () => {
  it("both end in time", async () => {
    const gateway = await startServer(() => new Response(""), { host: "0.0.0.0", idleTimeoutMs: 500 });
    await Promise.all((await openBoth(gateway)).map(closed));
  });

  it("both end with the server", async () => {
    const gateway = await startServer(() => new Response(""), { host: "0.0.0.0" });
    const both = (await openBoth(gateway)).map(closed);
    await gateway.close();
    await Promise.all(both);
  });
});

it("a server that is closed twice is closed once both say so", async () => {
  const gateway = await startServer(() => new Response(""));
  await openHttp1(gateway);
  const over: string[] = [];
  const first = gateway.close().then(() => over.push("first"));
  await gateway.close().then(() => over.push("second"));
  await first;
  expect(over).toEqual(["first", "second"]);
});
