import { once } from "node:events";
import { onTestFinished } from "vitest";
import { createCertificate } from "../../../../src/gateway/index.ts";
import type { DirectPolicy } from "../../../../src/peer/index.ts";
import { type Child, projectPath } from "../../harness/child.ts";
import { testIdentities } from "../../harness/peers.ts";
import { secret, tokenFor } from "../../harness/token.ts";
import type { Namespace } from "../../harness/network/namespaces.ts";
import type { Lab } from "../../nat-lab/lab.ts";

/** One line that a peer's program prints. */
export interface Told {
  readonly event: string;
  readonly kind?: string;
  readonly reason?: string;
  readonly remote?: string;
  readonly afterMs?: number;
  readonly path?: { readonly kind: string; readonly remote: string; readonly reason?: string };
  readonly isExact?: boolean;
  readonly isComplete?: boolean;
  readonly received?: number;
  readonly worstGapMs?: number;
  readonly code?: string;
  readonly message?: string;
}

/** A peer's program in a laboratory. */
export class LabPeer {
  readonly child: Child;
  #read = 0;

  constructor(child: Child) {
    this.child = child;
  }

  /** All that it has told so far. */
  get told(): Told[] {
    return this.child
      .stdout()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Told);
  }

  /** Waits for the next line after those that were waited for, of which `isIt` is true. */
  async next(isIt: (line: Told) => boolean): Promise<Told> {
    for (;;) {
      const told = this.told;
      const at = told.findIndex((line, index) => index >= this.#read && isIt(line));
      if (at >= 0) {
        this.#read = at + 1;
        return told[at]!;
      }
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    const ended = this.child.exited.then((status) => {
      throw new Error(`ended (${status}):\n${this.child.stdout()}${this.child.stderr()}`);
    });
    await Promise.race([once(this.child.process.stdout, "data"), ended]);
  }

  /** Waits until packets take the direct path alone. */
  selected(): Promise<Told> {
    return this.next(({ event, kind }) => event === "path" && kind === "selected");
  }

  lost(): Promise<Told> {
    return this.next(({ event, kind }) => event === "path" && kind === "lost");
  }

  /** Waits until it says why there is no direct path. */
  refused(): Promise<Told> {
    return this.next(({ event, kind }) => event === "path" && kind === "refused");
  }

  /** Has a transfer report. */
  async report(): Promise<Told> {
    this.child.process.stdin.write("report\n");
    return await this.next(({ event }) => event === "report");
  }

  /** Ends a transfer, and tells whether all has come back as it was. */
  async finish(): Promise<Told> {
    this.child.process.stdin.end();
    return await this.next(({ event }) => event === "done");
  }
}

export interface LabPeerOptions {
  readonly alice?: DirectPolicy;
  readonly bob?: DirectPolicy;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a relay, and in the sites alice, who transfers bytes to bob and back all the time. */
export async function startTransfer(
  lab: Lab,
  options: LabPeerOptions = {},
  family: "ipv4" | "ipv6" = "ipv4",
): Promise<{ alice: LabPeer; bob: LabPeer; first: Told }> {
  const host = lab.addresses.relay[family][0];
  const tls = await createCertificate({ name: "relay", hosts: [host] });
  const ids = await testIdentities();
  const relay = start(lab.relay, "relay", {
    HOST: host,
    KEY: tls.privateKey,
    CERT: tls.certificate,
    SECRET: secret,
  });
  const [, port] = await relay.prints(/listening on (\d+)/);
  const peer = async (name: "alice" | "bob", program: string): Promise<LabPeer> =>
    new LabPeer(
      start(lab[name], program, {
        RELAY: `https://${family === "ipv6" ? `[${host}]` : host}:${port}`,
        RELAY_CA: tls.certificate,
        TOKEN: await tokenFor(name),
        IDENTITY: ids[name].pem,
        PINS: ids[name === "alice" ? "bob" : "alice"].pin,
        DIRECT: options[name] ?? "",
        ...options.env,
      }),
    );
  const bob = await peer("bob", "echo");
  await bob.next(({ event }) => event === "listening");
  const alice = await peer("alice", "transfer");
  const first = await alice.next(({ event }) => event === "ready" || event === "failed");
  return { alice, bob, first };
}

function start(where: Namespace, program: string, env: NodeJS.ProcessEnv): Child {
  const child = where.start(
    process.execPath,
    [projectPath(`test/integration/peer/programs/${program}.ts`)],
    env,
  );
  onTestFinished(({ task }) => {
    if (task.result?.state === "fail")
      process.stderr.write(`${program}: ${child.stdout()}${child.stderr()}\n`);
  });
  return child;
}
