import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Target } from "../../../scripts/hostile/attack.ts";
import { get } from "../../../scripts/hostile/clients/http3-frames.ts";
import { RawHttp3 } from "../../../scripts/hostile/clients/raw-http3.ts";
import type { Child } from "../harness/child.ts";
import { targetAt, openRawHttp3 } from "../harness/gateway.ts";
import { startRelay } from "../harness/relay.ts";
import { User } from "../harness/user.ts";

/** H3_NO_ERROR (RFC 9114 §8.1) */
const noError = 0x100;

interface Served {
  readonly relay: Child;
  readonly target: Target;
}

/** The command line's relay, with its own development certificate. */
async function startCommand(): Promise<Served> {
  const { child: relay, port } = await new User().startRelay();
  const [, file] = await relay.prints(/--relay-ca: (\S+)/);
  return { relay, target: { ...(await targetAt({ port })), certificate: readFileSync(file!, "utf8") } };
}

async function connect(target: Target): Promise<RawHttp3> {
  const client = await openRawHttp3(target);
  expect(await client.status(client.request(get("/", target), true))).toBe(200);
  return client;
}

describe("an HTTP/3 client", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("learns of a relay's %s", async (signal) => {
    const { relay, target } = await startCommand();
    const clients = await Promise.all([connect(target), connect(target), connect(target)]);
    relay.process.kill(signal);
    await Promise.all(clients.map((client) => client.closed));
    // A client that had to find out by itself, by its idle timeout, would know no code.
    expect(clients.map((client) => client.closedWith)).toEqual([noError, noError, noError]);
    expect(await relay.exited).toBe(0);
  });

  it("learns of a gateway's end, whatever it waits for", async () => {
    const { port, gateway, app } = await startRelay();
    app.get("/", () => "here");
    app.get("/never", () => new Promise(() => undefined));
    const client = await connect(await targetAt({ port }));
    client.request(get("/never", { port }), true);
    await gateway.close();
    await client.closed;
    expect(client.closedWith).toBe(noError);
  });
});
