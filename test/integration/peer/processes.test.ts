import { describe, expect, it } from "vitest";
import type { Backend } from "../../../src/forwarder/index.ts";
import { testCertificate } from "../harness/certificate.ts";
import { itWith } from "../harness/requirement.ts";
import { startPeerProgram, startRelayProgram } from "./processes.ts";

/** Sends `bytes` from alice to bob, each in a process of its own as is the relay, and returns how many arrived. */
async function transfer(bytes: number, backend: Backend): Promise<number> {
  const tls = await testCertificate();
  const { port } = await startRelayProgram(tls, { QUICPIPE_BACKEND: backend });
  const setting = {
    relay: `https://127.0.0.1:${port}`,
    relayCa: tls.certificate,
    env: { BYTES: `${bytes}` },
  };
  const receiver = await startPeerProgram("receiver", setting);
  const sender = await startPeerProgram("sender", setting);
  const [line] = await receiver.prints(/^\{.*\}$/m);
  expect([await sender.exited, await receiver.exited]).toEqual([0, 0]);
  expect(JSON.parse(sender.stdout())).toMatchObject({ closeCode: 1, reason: "received" });
  return (JSON.parse(line) as { readonly bytes: number }).bytes;
}

describe("two peers and a relay, each in a process of its own", () => {
  const bytes = 100_000_000;

  it("move 100 MB on one stream through the dgram backend", async () => {
    expect(await transfer(bytes, "dgram")).toBe(bytes);
  });

  itWith("native")("move 100 MB on one stream through the native backend", async () => {
    expect(await transfer(bytes, "native")).toBe(bytes);
  });
});
