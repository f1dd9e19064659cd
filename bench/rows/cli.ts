import { createHash, randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { QuicpipeError } from "../../src/errors.ts";
import { alternate } from "../rig/alternate.ts";
import { cpuNsOf } from "../rig/machine/cpu.ts";
import { PeerLab } from "../rig/peers.ts";
import { needsSocat } from "../rig/requirement.ts";
import { TimedProgram } from "../rig/timed.ts";
import { signToken } from "../rig/token.ts";
import type { Row, RowResult } from "../row.ts";
import { type Rounds, summarise } from "../summary.ts";

/** What a transfer costs each process, in s per GB. */
interface Cost {
  readonly sender: number;
  readonly receiver: number;
  /** 0 where there is none. */
  readonly relay: number;
}

type Command = (role: "sender" | "receiver") => Promise<readonly string[]>;

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const chunkBytes = 8 << 20;

/** A file on the way from one program to another. */
class Transfer implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "quicpipe-bench-"));
  readonly #bytes: number;

  constructor(bytes: number) {
    this.#bytes = bytes;
    const chunk = randomBytes(chunkBytes);
    for (let written = 0; written < bytes; written += chunkBytes)
      writeFileSync(this.path("sent"), chunk, { flag: "a" });
    truncateSync(this.path("sent"), bytes);
  }

  path(name: string): string {
    return join(this.#folder, name);
  }

  /** @throws if what arrives is not what was sent. */
  async check(name: string, command: Command): Promise<void> {
    await this.#run(command, this.path("received"));
    const [sent, received] = ["sent", "received"].map((file) =>
      createHash("sha256")
        .update(readFileSync(this.path(file)))
        .digest("hex"),
    );
    rmSync(this.path("received"));
    if (sent === received) return;
    const reason = `${name}: what arrived is not what was sent; nothing was timed`;
    throw new QuicpipeError("ERR_QUICPIPE_INTERNAL", reason);
  }

  async cost(command: Command, relayNs: () => number): Promise<Cost> {
    const beforeNs = relayNs();
    const [receiver, sender] = await this.#run(command, "/dev/null");
    const perGb = 1e9 / this.#bytes;
    return {
      sender: sender * perGb,
      receiver: receiver * perGb,
      relay: ((relayNs() - beforeNs) / 1e9) * perGb,
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }

  async #run(command: Command, output: string): Promise<readonly [receiver: number, sender: number]> {
    const files = {
      nothing: openSync("/dev/null", "r+"),
      sent: openSync(this.path("sent"), "r"),
      received: openSync(output, "w"),
    };
    const env = { ...process.env, XDG_STATE_HOME: this.path("state") };
    using stack = new DisposableStack();
    const start = (words: readonly string[], ends: readonly [number, number]): TimedProgram =>
      stack.adopt(new TimedProgram(words, ends, env), (started) => started.stop());
    try {
      const receiver = start(await command("receiver"), [files.nothing, files.received]);
      await receiver.ready();
      const sender = start(await command("sender"), [files.sent, files.nothing]);
      return await Promise.all([receiver.seconds(), sender.seconds()]);
    } finally {
      Object.values(files).forEach(closeSync);
    }
  }
}

/** `quicpipe accept` and `dial` as they are installed, by the relay of a laboratory. */
function quicpipe(lab: PeerLab): Command {
  const { port, certificate, secret } = lab.info;
  const [relay, ca] = [`https://127.0.0.1:${port}`, lab.share(certificate)];
  return async (role) => {
    const name = await signToken(secret, role);
    const access = ["--relay", relay, "--relay-ca", ca, "--insecure", "--token-file", lab.share(name)];
    const [command, ...target] = role === "sender" ? ["dial", "receiver"] : ["accept"];
    return [...startOf(program), command!, ...target, ...access];
  };
}

/** Returns the command of a script, by its first line: npm makes it executable where it installs it. */
function startOf(script: string): readonly string[] {
  const [first] = readFileSync(script, "utf8").split("\n", 1);
  const [, options = ""] = /^#!.*\bnode\b(.*)$/.exec(first!) ?? [];
  return [process.execPath, ...options.trim().split(" "), script];
}

/** socat over TLS: what moves bytes between two machines without a relay. */
async function socat(lab: PeerLab): Promise<Command> {
  const { identities } = lab;
  const identity = lab.share(identities.accepter.pem);
  const port = await freePort();
  return async (role) => {
    const far = `OPENSSL:127.0.0.1:${port},verify=0`;
    const near = `OPENSSL-LISTEN:${port},bind=127.0.0.1,reuseaddr,cert=${identity},verify=0`;
    const ends = role === "sender" ? ["STDIN", far] : [near, "STDOUT"];
    return ["socat", "-d", "-d", "-u", "-b", "65536", ...ends];
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

const name = "cli/transfer";
/** As long as the start of a program does not count for much. */
const transfersPerFile = 8;

/** A file through the programs as users start them. */
export const cliTransferRow: Row = needsSocat({
  name,
  about:
    "s/GB that `quicpipe dial`, `accept` and the relay spend on a file of 500 MB, against socat over TLS",
  async run({ effort, progress }) {
    await using lab = await PeerLab.open();
    using transfer = new Transfer(effort.transferBytes * transfersPerFile);
    const commands = { control: await socat(lab), subject: quicpipe(lab) };
    for (const [side, command] of Object.entries(commands)) await transfer.check(side, command);
    const costs: Record<keyof Rounds, Cost[]> = { control: [], subject: [] };
    await alternate(
      { ...effort, rounds: effort.longRounds, warmUpRounds: 0 },
      progress,
      "s/GB",
      async (side) => {
        const cost = await transfer.cost(commands[side], () => cpuNsOf(lab.relayPid));
        costs[side].push(cost);
        return Math.max(cost.sender, cost.receiver);
      },
    );
    const dearer = ({ sender, receiver }: Cost): number => Math.max(sender, receiver);
    const row = (suffix: string, of: (cost: Cost) => number): RowResult => ({
      name: `${name}${suffix}`,
      unit: "s/GB",
      ...summarise("socat, its dearer end", {
        control: costs.control.map(dearer),
        subject: costs.subject.map(of),
      }),
    });
    return [row("", dearer), row("-relay", ({ relay }) => relay)];
  },
});
