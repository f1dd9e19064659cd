import { H3 } from "h3";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Attack } from "../../scripts/hostile/attack.ts";
import {
  initialStrangers,
  movingStrangers,
  oneByteStrangers,
  scatteredStrangers,
} from "../../scripts/hostile/attacks/strangers.ts";
import { connectHttp3 } from "./harness/http/http3-client.ts";
import { startRelay, type TestRelay } from "./harness/relay.ts";
import { backends } from "./harness/requirement.ts";

const datagrams = 4 * 4096;
/** Fewer than there are strangers, so that they would take all of them. */
const maxGatewayClients = 1024;

/** Has strangers send until the test ends, and waits for what all of them send at first. */
async function attack(attacker: Attack, { relay, port, certificate }: TestRelay): Promise<void> {
  const over = new AbortController();
  const target = {
    host: "127.0.0.1",
    port,
    certificate,
    token: () => Promise.reject(new TypeError("unused")),
  };
  const running = attacker.run(target, over.signal, () => undefined);
  onTestFinished(async () => {
    over.abort();
    await running;
  });
  const arrived = (): number => {
    const { dropped, gateway } = relay.stats();
    return gateway.packetsIn + Object.values(dropped).reduce((sum, count) => sum + count);
  };
  // A busy machine may lose some of them.
  await expect.poll(arrived, { interval: 100 }).toBeGreaterThan(datagrams * 0.8);
}

describe.each(backends())("the front door of the %s backend", (backend) => {
  it.each([oneByteStrangers, initialStrangers, movingStrangers, scatteredStrangers])(
    "lets a new HTTP/3 client in while there are $name",
    async (attacker) => {
      const app = new H3().get("/", () => "hello");
      const relay = await startRelay({ forwarder: { backend, maxGatewayClients } }, app);
      const before = await connectHttp3(relay.port, relay.certificate, "auto");
      expect((await before.request("/")).status).toBe(200);
      await attack(attacker, relay);
      for (let i = 0; i < 3; i++) {
        const client = await connectHttp3(relay.port, relay.certificate, "auto");
        expect((await client.request("/")).body.toString()).toBe("hello");
        await sleep(100);
      }
      expect((await before.request("/")).status).toBe(200);
      // Those that never were clients hold a quarter of the places at most.
      expect(relay.relay.stats().gateway.clients).toBeLessThanOrEqual(maxGatewayClients / 4 + 4);
    },
  );
});
