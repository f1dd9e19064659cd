import { randomBytes } from "node:crypto";
import { H3 } from "h3";
import { describe, expect, it, vi } from "vitest";
import { gatewayIdleMs } from "../../src/defaults.ts";
import { connectHttp3, type Http3Client } from "./harness/http3-client.ts";
import { startRelay } from "./harness/relay.ts";
import { DatagramProxy } from "./peer/harness/datagram-proxy.ts";

/** Registers a fresh key and returns the address that the relay took for proven. */
async function register(client: Http3Client, headers: Record<string, string> = {}): Promise<string | null> {
  const body = JSON.stringify({ key: randomBytes(16).toString("base64"), num: 4 });
  const answer = await client.request("/v1/register", { method: "POST", headers, body });
  expect(answer.status).toBe(200);
  return (JSON.parse(answer.body.toString()) as { address: string | null }).address;
}

async function addressSeenOf(client: Http3Client): Promise<string> {
  return (JSON.parse((await client.request("/ip")).body.toString()) as { ip: string }).ip;
}

function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

describe("a client whose virtual address the relay has forgotten", () => {
  it("proves no address, whatever headers it sends, least of all another client's", async () => {
    // The relay's clock alone; what is silent is forgotten by its own sweep.
    vi.useFakeTimers({ toFake: ["Date"] });
    const app = new H3().get("/ip", (event) => ({ ip: event.req.ip }));
    const { port, certificate, relay } = await startRelay({ forwarder: { backend: "dgram" } }, app);
    const proxy = await DatagramProxy.open(port);
    const attacker = await connectHttp3(proxy.port, certificate, "wasm");
    const victim = await connectHttp3(port, certificate, "auto");
    const [attackers, victims] = [await register(attacker), await register(victim)];
    expect(attackers).not.toBe(victims);
    await proxy.rebind();
    await attacker.request("/ip");
    pass(gatewayIdleMs * 0.75);
    await Promise.all([attacker.request("/ip"), victim.request("/ip")]);
    pass(gatewayIdleMs * 0.75);
    await expect.poll(() => relay.stats().gateway.clients, { timeout: 5000 }).toBe(2);

    const claimed = await addressSeenOf(victim);
    expect(claimed).toMatch(/^127\./);
    const claims: Record<string, string>[] = [
      { "x-forwarded-for": claimed },
      { "x-forwarded-for": `127.0.0.1, ${claimed}` },
      { forwarded: `for=${claimed}` },
    ];
    for (const headers of claims) expect(await register(attacker, headers)).toBeNull();
    expect(await register(attacker)).toBeNull();
    expect(await register(victim)).toBe(victims);
    vi.useRealTimers();
  });
});
