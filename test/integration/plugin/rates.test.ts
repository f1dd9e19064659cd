import { setTimeout as sleep } from "node:timers/promises";
import { H3 } from "h3";
import { describe, expect, onTestFinished } from "vitest";
import type { Attack, Target } from "../../../scripts/hostile/attack.ts";
import { manyRegistrations, newRegistrations } from "../../../scripts/hostile/attacks/rates.ts";
import { minBucketBytes } from "../../../src/defaults/index.ts";
import type { Backend } from "../../../src/forwarder/index.ts";
import { serveHttp2 } from "../../../src/gateway/index.ts";
import { quicpipe, type QuicpipeOptions, type Relay } from "../../../src/index.ts";
import { testCertificate } from "../harness/relay.ts";
import { itWith } from "../harness/requirement.ts";
import { secret, secretToken } from "./relay-app.ts";

const bytesPerSecond = 1000;
const attackMs = 3000;
/** One packet may be charged from what flowed in since the relay looked at its clock. */
const packetBytes = 1013;

interface Served {
  readonly relay: Relay;
  readonly target: Target;
}

function token(subject: string): Promise<string> {
  return secretToken(subject, subject === "greedy" ? { quicpipe: { bytesPerSecond } } : {});
}

/** A relay whose control plane is reached over TLS. */
async function serve(options: QuicpipeOptions): Promise<Served> {
  const host = "127.0.0.1";
  const { certificate, privateKey } = await testCertificate();
  const relay = quicpipe({ host, port: 0, logger: false, xdp: "off", ...options });
  const app = new H3({ silent: true }).use(relay);
  const { port } = await relay.listen();
  const http2 = await serveHttp2(app, { key: privateKey, cert: certificate, host, port });
  onTestFinished(async () => {
    await http2.close();
    await relay.close();
  });
  return { relay, target: { host, port, certificate, token } };
}

/** What an attacker got forwarded, and what its rate allows for in that time, in bytes. */
async function attack({ relay, target }: Served, { run }: Attack): Promise<{ got: number; allowed: number }> {
  const stop = new AbortController();
  const start = performance.now();
  const running = run(target, stop.signal, () => undefined);
  await sleep(attackMs);
  stop.abort();
  await running;
  const seconds = (performance.now() - start) / 1000;
  return {
    got: relay.stats().relayed.bytes,
    allowed: minBucketBytes + seconds * bytesPerSecond + packetBytes,
  };
}

const backends: readonly Backend[] = ["dgram", "native"];
const evasions = backends.flatMap((backend) => [
  { backend, evasion: newRegistrations },
  { backend, evasion: manyRegistrations },
]);

describe("a claim of 1000 B/s", () => {
  itWith("native").each(evasions)(
    "is not evaded by $evasion.name ($backend)",
    async ({ backend, evasion }) => {
      const served = await serve({ auth: { secret }, forwarder: { backend } });
      const { got, allowed } = await attack(served, evasion);
      expect(got).toBeGreaterThan(minBucketBytes / 2);
      expect(got).toBeLessThan(allowed);
      expect(served.relay.stats().dropped["rate-limited"]).toBeGreaterThan(0);
    },
  );
});

describe("a limit of 1000 B/s where all clients are one subject", () => {
  itWith("native").each(evasions)(
    "is not evaded by $evasion.name ($backend)",
    async ({ backend, evasion }) => {
      const limits = { bytesPerSecond };
      const served = await serve({ auth: "none", limits, forwarder: { backend } });
      const { got, allowed } = await attack(served, evasion);
      expect(got).toBeGreaterThan(minBucketBytes / 2);
      expect(got).toBeLessThan(allowed);
    },
  );
});
