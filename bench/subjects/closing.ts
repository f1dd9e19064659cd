/**
 * Measures how soon HTTP/3 clients learn that a relay shuts down.
 *
 *   closing <rounds>      prints the ms of each round as JSON, from SIGTERM until the last of three clients knows
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { get } from "../../scripts/hostile/clients/http3-frames.ts";
import { RawHttp3 } from "../../scripts/hostile/clients/raw-http3.ts";
import { QuicpipeError } from "../../src/errors.ts";

const command = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const noToken = new QuicpipeError("ERR_QUICPIPE_INTERNAL", "no token is asked for");

/** Starts `quicpipe relay`, connects clients and stops it. Returns the ms until the last client knew. */
async function round(state: string): Promise<number> {
  const relay = spawn(process.execPath, [command, "relay", "--host", "127.0.0.1", "--port", "0"], {
    env: { ...process.env, XDG_STATE_HOME: state, NODE_ENV: "" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(relay, "exit");
  const target = await targetOf(createInterface(relay.stderr));
  const clients = await Promise.all(Array.from({ length: 3 }, () => connect(target)));
  const toldAtMs = performance.now();
  relay.kill("SIGTERM");
  await Promise.all(clients.map((client) => client.closed));
  const learnedMs = performance.now() - toldAtMs;
  await Promise.all([exited, ...clients.map((client) => client.close())]);
  return learnedMs;
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly certificate: string;
}

/** Reads the relay's address and certificate from its output. */
async function targetOf(lines: AsyncIterable<string>): Promise<Target> {
  let port = 0;
  for await (const line of lines) {
    port = Number(/relay on UDP 127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? port);
    const file = /--relay-ca: (\S+)/.exec(line)?.[1];
    if (file) return { host: "127.0.0.1", port, certificate: readFileSync(file, "utf8") };
  }
  throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", "the relay ended before it was there");
}

async function connect(target: Target): Promise<RawHttp3> {
  const client = await RawHttp3.open({ ...target, token: () => Promise.reject(noToken) });
  await client.status(client.request(get("/", target), true), 10_000);
  return client;
}

const state = mkdtempSync(join(tmpdir(), "quicpipe-closing-"));
const times: number[] = [];
for (let left = Number(process.argv[2]); left > 0; left--) times.push(await round(state));
rmSync(state, { recursive: true });
process.stdout.write(`${JSON.stringify(times)}\n`);
