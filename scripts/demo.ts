// `npm run demo`: runs a gateway, an accepter and a dialer as three processes, and shows their output.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs, styleText } from "node:util";
import { mintDevelopmentToken } from "quicpipe";
import { developmentCertificate } from "quicpipe/gateway";
import { createIdentity, type Identity } from "quicpipe/peer";
import { exitStatus, watchOutput } from "../src/cli/exit-status.ts";
import { loadEngine } from "../src/peer/engine/engine.ts";

const help = `npm run demo [-- --seconds N]

Starts an HTTP/3 gateway with a relay in it, an accepter and a dialer as three processes on this machine.
The dialer says hello to the accepter once a second, over a QUIC connection that the relay forwards.

  --seconds N  end after N seconds; without it, Ctrl-C ends the demo
  --help       this text

Exit status: 0 if a hello arrived, 1 with the reason if none did, 141 if the reader of its output has gone.
`;

const colours = ["cyan", "green", "yellow"] as const;
const startupMs = 20_000;
const stopMs = 5_000;

interface Role {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
}

const children = new Map<string, Role>();
const folder = mkdtempSync(join(tmpdir(), "quicpipe-demo-"));
// Cleans up however the demo ends.
process.once("exit", () => {
  for (const { child } of children.values()) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});
// The demo has a development key and certificates of its own: it neither reads nor writes the user's.
process.env["XDG_STATE_HOME"] = folder;

let hellos = 0;
let stopping = false;
let isHeard = true;
let forwarded = "nothing: the gateway did not say";

/** Starts one of the three processes. Prints each line of its output behind its label and passes it to `onLine`. */
function start(
  name: string,
  file: string,
  env: Record<string, string>,
  onLine: (line: string) => void,
): void {
  const colour = colours[children.size]!;
  const child = spawn(process.execPath, [new URL(`../examples/${file}`, import.meta.url).pathname], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const label = styleText(colour, name.padEnd(8), { stream: process.stdout });
  const lines = [child.stdout, child.stderr].map(async (stream) => {
    for await (const line of createInterface({ input: stream })) {
      if (isTokenHint(line)) continue;
      process.stdout.write(`${label} │ ${line}\n`);
      onLine(line);
    }
  });
  children.set(name, { child, exited: ended(name, child, lines) });
}

/** Reports whether a line says how to make a token: outside of the demo that would be one of another key. */
function isTokenHint(line: string): boolean {
  return line.includes("make a token with");
}

/** Resolves when a process has ended and its last line is shown. A process that ends by itself ends the demo. */
async function ended(name: string, child: ChildProcess, lines: Promise<void>[]): Promise<void> {
  await new Promise<void>((resolve) => {
    child.on("error", () => resolve());
    child.on("close", () => resolve());
  });
  await Promise.all(lines);
  if (!stopping) void stop(`the ${name} ended by itself`);
}

/** Resolves to the match in the first line that matches. Ends the demo if none comes in time. */
function waitFor(name: string, file: string, env: Record<string, string>, pattern: RegExp): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => stop(`the ${name} was not ready within ${startupMs / 1000} s`), startupMs);
    start(name, file, env, (line) => {
      const match = pattern.exec(line);
      if (match) {
        clearTimeout(timer);
        resolve(match[1] ?? line);
      }
      if (line === "hello") hellos++;
      if (line.startsWith("relayed ")) forwarded = line.slice("relayed ".length);
    });
  });
}

/** Ends the processes, peers first, so that the relay's closing line counts their last packets. */
async function stop(reason?: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  for (const { child, exited } of [...children.values()].toReversed()) {
    child.kill("SIGINT");
    const kill = setTimeout(() => child.kill("SIGKILL"), stopMs);
    await exited;
    clearTimeout(kill);
  }
  const failure = reason ?? (hellos === 0 ? "no hello arrived" : undefined);
  process.stdout.write(
    `demo: ${hellos} hello${hellos === 1 ? "" : "s"} arrived; the relay forwarded ${forwarded}\n`,
  );
  if (failure) process.stderr.write(`demo: failed: ${failure}\n`);
  process.exit(!isHeard ? exitStatus.brokenPipe : failure ? exitStatus.failed : exitStatus.done);
}

/** Ends the demo before it has begun if no peer could run. */
function requireEngine(): void {
  try {
    loadEngine();
  } catch (error) {
    process.stderr.write(`demo: ${(error as Error).message}\n`);
    process.exit(exitStatus.failed);
  }
}

function requireSeconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  process.stderr.write(`demo: --seconds ${text} is no number of seconds above 0\n`);
  process.exit(2);
}

/** Saves an identity to a file for an example to read. */
function keep(name: string, identity: Identity): string {
  const path = join(folder, `${name}.pem`);
  writeFileSync(path, identity.pem, { mode: 0o600 });
  return path;
}

const { values } = parseArgs({ options: { seconds: { type: "string" }, help: { type: "boolean" } } });
if (values.help) {
  process.stdout.write(help);
  process.exit(0);
}
const seconds = requireSeconds(values.seconds);
requireEngine();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop());
// Handles a closed pipe, as in `npm run demo 2>&1 | head`.
watchOutput();
process.stdout.on("error", () => {
  isHeard = false;
  void stop();
});
if (seconds !== undefined) setTimeout(() => void stop(), seconds * 1000);

const relayCa = join(folder, "relay.crt");
writeFileSync(relayCa, (await developmentCertificate()).cert);
const [alice, bob] = await Promise.all([createIdentity({ name: "alice" }), createIdentity({ name: "bob" })]);

const address = await waitFor("gateway", "gateway/gateway.ts", { PORT: "0" }, /listening on (\S+)/);
const common = { RELAY: `https://${address}`, RELAY_CA: relayCa };
const accepter = {
  ...common,
  TOKEN: await mintDevelopmentToken({ sub: "bob" }),
  IDENTITY: keep("bob", bob),
  PIN: alice.pin,
};
await waitFor("accepter", "hello/accepter.ts", accepter, /waiting/);
const dialer = {
  ...common,
  TOKEN: await mintDevelopmentToken({ sub: "alice" }),
  IDENTITY: keep("alice", alice),
  PIN: bob.pin,
};
await waitFor("dialer", "hello/dialer.ts", dialer, /connected/);
