import { expect, it, vi } from "vitest";
import { isQuicpipeError } from "../../../src/peer/index.ts";
import { bindPeer, startPeerRelay, testIdentities } from "../harness/peers.ts";
import { tokenFor } from "../harness/token.ts";
import { startPeerProgram } from "./processes.ts";

// A registration of a peer lives for two minutes, which this test does not.
vi.mock("../../../src/defaults/index.ts", async (original) => ({
  ...(await original<typeof import("../../../src/defaults/index.ts")>()),
  silentRunMs: 1000,
}));

it("an accepter that was killed and is started again gets its places back, where its quota is used up", async () => {
  const { relay, port, certificate } = await startPeerRelay();
  const { bob } = await testIdentities();
  const TOKEN = await tokenFor("bob", { quicpipe: { maxRegistrations: 1 } });
  const setting = { relay: `https://127.0.0.1:${port}`, relayCa: certificate, env: { TOKEN } };
  const alice = await bindPeer(port, "alice");
  const bobs = async (): Promise<string[]> =>
    (await Array.fromAsync(relay.registrations())).flatMap(({ id, subject }) =>
      subject === "bob" ? id : [],
    );
  const killed = await startPeerProgram("accepter", setting);
  await alice.dial("bob", { pin: bob.pin });
  const left = await bobs();
  killed.process.kill("SIGKILL");
  await killed.exited;
  await startPeerProgram("accepter", setting);
  const refusals: string[] = [];
  const dial = (): Promise<boolean> =>
    alice.dial("bob", { pin: bob.pin }).then(
      () => true,
      (error: unknown) => {
        if (!isQuicpipeError(error, "ERR_QUICPIPE_DIAL_REFUSED")) throw error;
        refusals.push(error.details.reason);
        return false;
      },
    );
  // Until the killed process has been silent for long enough the dialer is told why.
  await expect.poll(dial, { timeout: 60_000, interval: 100 }).toBe(true);
  expect(refusals.every((reason) => reason === "no-registrations")).toBe(true);
  const held = await bobs();
  expect([left.length, held.length, held[0] === left[0]]).toEqual([1, 1, false]);
});
