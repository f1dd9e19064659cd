import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { H3, serve } from "h3";
import { describe, expect, it, onTestFinished } from "vitest";
import { connectHttp3 } from "../../harness/http/http3-client.ts";
import { startRelay, type TestRelay } from "../../harness/relay.ts";
import { backends } from "../../harness/requirement.ts";

function registration(): string {
  return JSON.stringify({ key: randomBytes(16).toString("base64"), num: 4 });
}

/** Serves the app of a relay over TCP too, as to a reverse proxy. */
async function serveTcp(app: H3): Promise<number> {
  const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
  await server.ready();
  onTestFinished(() => server.close(true));
  return Number(new URL(server.url!).port);
}

/** Registers from an address on loopback, as the server sees a client of the splice, and returns what it proved. */
async function registerFrom(
  localAddress: string,
  port: number,
  headers: Record<string, string>,
): Promise<string | null> {
  const options = { host: "127.0.0.1", port, localAddress, headers, method: "POST", path: "/v1/register" };
  const sent = request(options).end(registration());
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  expect(answer.statusCode).toBe(200);
  return (JSON.parse(await text(answer)) as { address: string | null }).address;
}

/** A client over HTTP/3: where it really is, and what the server sees of it. */
async function startVictim({ port, certificate }: TestRelay): Promise<{ address: string; seen: string }> {
  const client = await connectHttp3(port, certificate, "auto");
  const registered = await client.request("/v1/register", { method: "POST", body: registration() });
  const { address } = JSON.parse(registered.body.toString()) as { address: string };
  const { ip } = JSON.parse((await client.request("/ip")).body.toString()) as { ip: string };
  return { address, seen: ip };
}

describe.each(backends())("a client that the %s backend has forgotten", (backend) => {
  it("proves no address, whatever headers it sends, least of all another client's", async () => {
    const app = new H3().get("/ip", (event) => ({ ip: event.req.ip }));
    const relay = await startRelay({ forwarder: { backend } }, app);
    const port = await serveTcp(app);
    const victim = await startVictim(relay);
    expect(victim.seen).toMatch(/^127\./);
    const claims: Record<string, string>[] = [
      { "x-forwarded-for": victim.seen },
      { "x-forwarded-for": `127.0.0.1, ${victim.seen}` },
      { forwarded: `for=${victim.seen}` },
      { "x-real-ip": victim.seen },
      {},
    ];
    // The connection of a client outlives its virtual address, which nobody has then.
    const forgotten = victim.seen === "127.77.7.7" ? "127.77.7.8" : "127.77.7.7";
    for (const headers of claims) expect(await registerFrom(forgotten, port, headers)).toBeNull();
    // So much a proxy can prove that is trusted, and nobody else.
    expect(await registerFrom("127.0.0.1", port, claims[0]!)).toBe(victim.address);
    expect(await registerFrom("127.0.0.2", port, claims[0]!)).toBeNull();
  });
});
