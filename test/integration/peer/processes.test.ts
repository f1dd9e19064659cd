import { describe, expect, it } from "vitest";
import type { Backend } from "../../../src/forwarder/index.ts";
import { projectPath, startChild, type Child } from "../harness/child.ts";
import { testCertificate } from "../harness/relay.ts";
import { itWith } from "../harness/requirement.ts";
import { secret, testIdentities, tokenFor } from "./harness/peers.ts";

const program = (name: string, env: NodeJS.ProcessEnv): Child =>
  startChild(process.execPath, [projectPath(`test/integration/peer/programs/${name}.ts`)], { env });

/** Sends `bytes` from alice to bob, each in a process of its own as is the relay, and returns what both saw. */
async function transfer(bytes: number, backend: Backend): Promise<{ received: number; ms: number }> {
  const tls = await testCertificate();
  const relay = program("relay", {
    SECRET: secret,
    KEY: tls.privateKey,
    CERT: tls.certificate,
    QUICPIPE_BACKEND: backend,
  });
  const [, port] = await relay.prints(/listening on (\d+)/);
  const { alice, bob } = await testIdentities();
  const common = { RELAY: `https://127.0.0.1:${port}`, RELAY_CA: tls.certificate, BYTES: `${bytes}` };
  const receiver = program("receiver", {
    ...common,
    TOKEN: await tokenFor("bob"),
    IDENTITY: bob.pem,
    PINS: alice.pin,
  });
  await receiver.prints(/listening/);
  const sender = program("sender", {
    ...common,
    TOKEN: await tokenFor("alice"),
    IDENTITY: alice.pem,
    PINS: bob.pin,
  });
  const [line] = await receiver.prints(/^\{.*\}$/m);
  expect([await sender.exited, await receiver.exited]).toEqual([0, 0]);
  expect(JSON.parse(sender.stdout())).toMatchObject({ closeCode: 1, reason: "received" });
  const { bytes: received, ms } = JSON.parse(line) as { bytes: number; ms: number };
  return { received, ms };
}

async function move(backend: Backend): Promise<void> {
  const { received, ms } = await transfer(100_000_000, backend);
  const megabytesPerSecond = received / ms / 1000;
  process.stdout.write(`one stream through the ${backend} relay: ${megabytesPerSecond.toFixed(1)} MB/s\n`);
  expect(received).toBe(100_000_000);
  // The machine may be busy with other things; measured alone it is several times as much.
  expect(megabytesPerSecond).toBeGreaterThan(10);
}

describe("two peers and a relay, each in a process of its own", () => {
  it("moves 100 MB on one stream through the dgram backend, well above 10 MB/s", () => move("dgram"), 60_000);

  itWith("native")("does so through the native backend", () => move("native"), 60_000);
});
