import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { serveRelay } from "../../harness/relay-app.ts";
import { backends, has } from "../../harness/requirement.ts";

const run = promisify(execFile);

describe.skipIf(!has("coturn"))("coturn's STUN client", () => {
  it.each(backends())("learns its address from a public relay, backend %s", async (backend) => {
    const { relay } = await serveRelay({ auth: "none", stun: "public", forwarder: { backend } });
    const { port } = relay.address();
    const { stdout, stderr } = await run("turnutils_stunclient", ["-p", String(port), "127.0.0.1"]);
    expect(stdout + stderr).toMatch(/reflexive addr: 127\.0\.0\.1:\d+/);
    expect(relay.stats().stun.answered).toBe(1);
  });
});
