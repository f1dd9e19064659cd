import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { alternate } from "../rig/alternate.ts";
import { hookPath, PeerLab } from "../rig/peers.ts";
import { signToken } from "../rig/token.ts";
import type { Row } from "../row.ts";
import { summarise } from "../summary.ts";

type Cli = ChildProcessByStdio<Writable, Readable, Readable>;

const command = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const nodeOptions = { control: `--import ${hookPath}`, subject: "" };

/** Runs `quicpipe accept` and `dial`. Returns the ms from the start of the dialer until its first byte is out. */
async function firstByteMs(start: (name: string, ...args: string[]) => Promise<Cli>): Promise<number> {
  const accepter = await start("accepter", "accept");
  await once(accepter.stderr, "data");
  const startMs = performance.now();
  const dialer = await start("dialer", "dial", "accepter");
  dialer.stdin.end("a");
  await once(accepter.stdout, "data");
  const ms = performance.now() - startMs;
  accepter.stdin.end();
  await Promise.all([once(accepter, "exit"), once(dialer, "exit")]);
  return ms;
}

/** Time of a whole dial on the command line. */
export const peerCliRow: Row = {
  name: "peer/cli",
  about:
    "ms from the start of `quicpipe dial` until its first byte leaves `quicpipe accept`, against the former engine",
  async run({ effort, progress }) {
    await using lab = await PeerLab.open();
    using stack = new DisposableStack();
    const state = mkdtempSync(join(tmpdir(), "quicpipe-cli-"));
    stack.defer(() => rmSync(state, { recursive: true }));
    const { port, certificate, secret } = lab.info;
    const access = [
      "--relay",
      `https://127.0.0.1:${port}`,
      "--relay-ca",
      lab.share(certificate),
      "--insecure",
    ];
    const rounds = await alternate(
      { ...effort, rounds: effort.longRounds, warmUpRounds: 1 },
      progress,
      "ms",
      (side) =>
        firstByteMs(async (name, ...args) => {
          const env = {
            ...process.env,
            XDG_STATE_HOME: join(state, name),
            QUICPIPE_TOKEN: await signToken(secret, name),
            NODE_OPTIONS: nodeOptions[side],
          };
          const child = spawn(process.execPath, [command, ...args, ...access], { env });
          stack.defer(() => child.kill());
          return child;
        }),
    );
    return { name: this.name, unit: "ms", ...summarise("quiche 0.18", rounds) };
  },
};
