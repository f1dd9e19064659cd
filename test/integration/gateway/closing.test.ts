import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { get } from "../../../scripts/hostile/clients/http3-frames.ts";
import { RawHttp3 } from "../../../scripts/hostile/clients/raw-http3.ts";
import { type Child, projectPath, startChild } from "../harness/child.ts";
import { startRelay } from "../harness/relay.ts";

/** H3_NO_ERROR (RFC 9114 §8.1) */
const noError = 0x100;

interface Served {
  readonly relay: Child;
  readonly target: { readonly host: string; readonly port: number; readonly certificate: string };
}

/** The command line's relay, with its own development certificate. */
async function startCommand(): Promise<Served> {
  const state = mkdtempSync(join(tmpdir(), "quicpipe-closing-"));
  onTestFinished(() => rmSync(state, { recursive: true, force: true }));
  const args = [projectPath("src/cli/main.ts"), "relay", "--host", "127.0.0.1", "--port", "0"];
  const relay = startChild(process.execPath, args, { env: { XDG_STATE_HOME: state, NODE_ENV: "" } });
  const [, port] = await relay.prints(/relay on UDP 127\.0\.0\.1:(\d+)/);
  const [, file] = await relay.prints(/--relay-ca: (\S+)/);
  return {
    relay,
    target: { host: "127.0.0.1", port: Number(port), certificate: readFileSync(file!, "utf8") },
  };
}

async function connect(target: Served["target"]): Promise<RawHttp3> {
  const client = await RawHttp3.open({
    ...target,
    token: () => Promise.reject(new Error("no token is asked for")),
  });
  onTestFinished(() => client.close());
  expect(await client.status(client.request(get("/", target), true), 10_000)).toBe(200);
  return client;
}

describe("an HTTP/3 client", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("learns of a relay's %s", async (signal) => {
    const { relay, target } = await startCommand();
    const clients = await Promise.all([connect(target), connect(target), connect(target)]);
    relay.process.kill(signal);
    await Promise.all(clients.map((client) => client.closed));
    // A client that had to find out by itself, by its idle timeout, would know no code.
    expect(clients.map((client) => client.closedWith)).toEqual([noError, noError, noError]);
    expect(await relay.exited).toBe(0);
  });

  it("learns of a gateway's end, whatever it waits for", async () => {
    const { port, certificate, gateway, app } = await startRelay();
    app.get("/", () => "here");
    app.get("/never", () => new Promise(() => undefined));
    const client = await connect({ host: "127.0.0.1", port, certificate });
    client.request(get("/never", { port }), true);
    await gateway.close();
    await client.closed;
    expect(client.closedWith).toBe(noError);
  });
});
