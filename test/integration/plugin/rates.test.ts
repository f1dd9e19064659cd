import { describe, expect } from "vitest";
import type { Attack } from "../../../scripts/hostile/attack.ts";
import { manyRegistrations, newRegistrations } from "../../../scripts/hostile/attacks/rates.ts";
import { minBucketBytes } from "../../../src/defaults/index.ts";
import type { Backend } from "../../../src/forwarder/index.ts";
import type { QuicpipeOptions } from "../../../src/index.ts";
import { startTarget } from "../harness/relay.ts";
import { itWith } from "../harness/requirement.ts";
import { secret, tokenFor } from "../harness/token.ts";

const bytesPerSecond = 1000;
/** What an attacker sends: twenty bursts, each from another registration and more than the smallest bucket holds. */
const packets = 20 * 70;
/** One packet may be charged from what flowed in since the relay looked at its clock. */
const packetBytes = 1013;

type Served = Awaited<ReturnType<typeof startTarget>>;

function token(subject: string): Promise<string> {
  return tokenFor(subject, subject === "greedy" ? { quicpipe: { bytesPerSecond } } : {});
}

/** A relay whose control plane is reached over TLS. */
function serve(options: QuicpipeOptions): Promise<Served> {
  return startTarget({ xdp: "off", ...options }, token);
}

/** What an attacker got forwarded, and what its rate allows for in the time that this took, which is the subject, in bytes. */
async function attack({ relay, target }: Served, { run }: Attack): Promise<{ got: number; allowed: number }> {
  const stop = new AbortController();
  const start = performance.now();
  let sent = 0;
  const running = run(target, stop.signal, (count = 1) => (sent += count));
  await expect.poll(() => sent).toBeGreaterThanOrEqual(packets);
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
