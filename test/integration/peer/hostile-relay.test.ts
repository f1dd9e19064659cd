import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { QuicpipeError } from "../../../src/peer/index.ts";
import { testCertificate } from "../harness/certificate.ts";
import type { Child } from "../harness/child.ts";
import { startHttp3 } from "../harness/gateway.ts";
import { bindPeer, codeOf } from "../harness/peers.ts";
import { startPeerProgram } from "./processes.ts";

/** What a relay answers, by method and path. */
type Misbehaviour = (request: string) => Response | undefined;

/** Serves something that is no good relay, and counts what it is asked. */
async function startHostileRelay(
  misbehave: Misbehaviour,
): Promise<{ port: number; asked: (request: string) => number }> {
  const counts = new Map<string, number>();
  const app = {
    fetch: (request: Request): Response => {
      const name = `${request.method} ${new URL(request.url).pathname}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return misbehave(name) ?? new Response(null, { status: 404 });
    },
  };
  const { port } = await startHttp3(app);
  return { port, asked: (request) => counts.get(request) ?? 0 };
}

/** An accepter as a process of its own, which asks the relay for messages. */
async function startAccepter(port: number): Promise<Child> {
  const { certificate } = await testCertificate();
  return startPeerProgram("accepter", { relay: `https://127.0.0.1:${port}`, relayCa: certificate });
}

/** Resident memory of a process, in MiB. */
function residentMiB({ process }: Child): number {
  const status = readFileSync(`/proc/${process.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) / 1024;
}

/** The most that a process has grown by until something happens, in MiB. */
async function growthMiB(child: Child, until: Promise<unknown>): Promise<number> {
  const before = residentMiB(child);
  let most = before;
  const timer = setInterval(() => (most = Math.max(most, residentMiB(child))), 50);
  await until.finally(() => clearInterval(timer));
  return most - before;
}

function endless(): Response {
  const chunk = new Uint8Array(65_536).fill(0x20);
  return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(chunk) }));
}

const poll = "GET /v1/messages";
const send = "POST /v1/mailbox/bob";

describe("a peer of a hostile relay", () => {
  it("keeps no answer without an end", async () => {
    const { port, asked } = await startHostileRelay(() => endless());
    const bob = await startAccepter(port);
    const refused = "ERR_QUICPIPE_RELAY_REFUSED the answer to GET /v1/messages is over \\d+ bytes";
    // What it takes to ask at all is in it; a client that keeps everything never says so.
    expect(await growthMiB(bob, bob.prints(new RegExp(`(?:${refused}[^]*){3}`)))).toBeLessThan(128);
    expect(asked(poll)).toBeGreaterThan(2);
  });

  it("keeps no headers without an end", async () => {
    const value = "a".repeat(8000);
    const headers = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`x-${i}`, value]));
    const { port } = await startHostileRelay(() => new Response("{}", { headers }));
    const alice = await bindPeer(port, "alice", { requestTimeoutMs: 3000 });
    const code = await codeOf(alice.dial("bob", { trust: "insecure" }));
    expect(code).toMatch(/ERR_QUICPIPE_RELAY_(REFUSED|UNREACHABLE)/);
  });

  it.each(["999999999", "1e300", "99999999999999999999", "-5", "soon"])(
    "is not sent into a hot loop by Retry-After: %s",
    async (seconds) => {
      const headers = { "retry-after": seconds };
      const { port, asked } = await startHostileRelay(() => new Response(null, { status: 429, headers }));
      await startAccepter(port);
      await expect.poll(() => asked(poll)).toBeGreaterThan(0);
      await sleep(1000);
      // A loop asks a thousand times in that time.
      expect(asked(poll)).toBeLessThan(25);
      const alice = await bindPeer(port, "alice");
      expect(await codeOf(alice.dial("bob", { trust: "insecure", timeoutMs: 2000 }))).toContain(
        "ERR_QUICPIPE_",
      );
      expect(asked(send)).toBeGreaterThan(0);
      expect(asked(send)).toBeLessThan(50);
    },
  );

  it("makes no more connections at a time than fit, of all the messages that there are said to be", async () => {
    const messages = Array.from({ length: 5000 }, (_, i) => ({ id: `${i}`, sender: "alice", sizes: [1200] }));
    const never = Promise.withResolvers<never>();
    let registered = 0;
    const fetch = (request: Request): Response | Promise<Response> => {
      if (request.method === "GET") return Response.json({ messages });
      registered++;
      return never.promise;
    };
    const gateway = await startHttp3({ fetch });
    await startAccepter(gateway.port);
    await expect.poll(() => registered).toBeGreaterThan(0);
    await sleep(2000);
    // One wave, or two where a request was made again.
    expect(registered).toBeLessThan(100);
  });

  it("says in an error with a code that an answer is of another shape", async () => {
    const odd = [
      {},
      { id: {}, secret: [], address: 5 },
      { id: "i".repeat(100_000), secret: "s", address: null },
    ];
    for (const answer of odd) {
      const { port } = await startHostileRelay(() => Response.json(answer));
      const alice = await bindPeer(port, "alice");
      expect(await codeOf(alice.dial("bob", { trust: "insecure" }))).toBe("ERR_QUICPIPE_RELAY_REFUSED");
    }
    const { port } = await startHostileRelay(() => Response.json({ messages: [5, null, { id: {} }] }));
    const errors: QuicpipeError[] = [];
    const bob = await bindPeer(port, "bob", { trust: "insecure", onError: (error) => errors.push(error) });
    const next = bob[Symbol.asyncIterator]().next();
    await expect.poll(() => errors.map(({ code }) => code)).toContain("ERR_QUICPIPE_RELAY_REFUSED");
    await bob.close();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
