import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { headersFrame, post, varint } from "../../scripts/hostile/clients/http3-frames.ts";
import { RawHttp3 } from "../../scripts/hostile/clients/raw-http3.ts";
import { targetAt, openRawHttp3 } from "./harness/gateway.ts";
import { startRelay, type TestRelay } from "./harness/relay.ts";
import { backends } from "./harness/requirement.ts";
import { openSocket } from "./harness/udp-peer.ts";

interface Nat {
  /** Where a client reaches the relay through it. */
  readonly port: number;
  /** The port that the relay sees. */
  outerPort(): number;
  /** Takes another port from now on, as a NAT does that has forgotten the mapping. */
  rebind(): Promise<void>;
}

/** A NAT on loopback with one client behind it. */
async function openNat(relayPort: number): Promise<Nat> {
  const sockets = [await openSocket()];
  const inner = sockets[0]!;
  let client = 0;
  const rebind = async (): Promise<void> => {
    const outer = await openSocket();
    outer.on("message", (datagram) => inner.send(datagram, client, "127.0.0.1"));
    sockets.push(outer);
  };
  await rebind();
  inner.on("message", (datagram, { port }) => {
    client = port;
    sockets.at(-1)!.send(datagram, relayPort, "127.0.0.1");
  });
  return { port: inner.address().port, outerPort: () => sockets.at(-1)!.address().port, rebind };
}

/** In one datagram, so that the server has all of it whether or not the client hears the server. */
function register(client: RawHttp3, app: TestRelay): number {
  const body = Buffer.from(JSON.stringify({ key: randomBytes(16).toString("base64"), num: 4 }));
  const data = Buffer.concat([Buffer.of(0), varint(body.length), body]);
  return client.stream(Buffer.concat([headersFrame(post("/v1/register", app)), data]), true);
}

async function addresses({ relay }: TestRelay): Promise<(string | null)[]> {
  return Array.fromAsync(relay.registrations(), ({ address }) => address);
}

/** Registers before a rebinding and after it. @returns where; `undefined` if the second request did not arrive */
async function registerTwice(app: TestRelay): Promise<readonly [string, string | null] | undefined> {
  const known = (await addresses(app)).length;
  const nat = await openNat(app.port);
  const client = await openRawHttp3(await targetAt(nat));
  const before = `127.0.0.1:${nat.outerPort()}`;
  expect(await client.status(register(client, app))).toBe(200);
  await nat.rebind();
  await client.status(register(client, app), 500);
  const [first, second] = (await addresses(app)).slice(known);
  expect(first).toBe(before);
  return second === undefined ? undefined : [before, second];
}

describe.each(backends())(
  "an HTTP/3 client whose NAT has given it another port, behind the %s backend",
  (backend) => {
    it("registers nothing at the port that it had, which may be another's by now", async () => {
      const app = await startRelay({ forwarder: { backend } });
      // The HTTP/3 server loses about half of the clients that come from elsewhere under the connection ID that they have.
      for (let tries = 0; tries < 20; tries++) {
        const places = await registerTwice(app);
        if (places) return expect(places[1]).toBeNull();
      }
      expect.unreachable("no client got through after a rebinding");
    });
  },
);
