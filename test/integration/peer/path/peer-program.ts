import { createInterface } from "node:readline";
import type { PeerOptions } from "../../../../src/peer/index.ts";
import { type Child, projectPath } from "../../harness/child.ts";
import { cleanUp } from "../../harness/network/clean-up.ts";
import type { Namespace } from "../../harness/network/namespaces.ts";
import { tokenFor } from "../../harness/token.ts";
import type { Pace } from "../programs/exchange.ts";
import type { Command } from "../programs/peers.ts";
import { LabPeer, type Told } from "./lab-peer.ts";

/** Options of one peer, beside those of all. */
export type EndOptions = Pick<PeerOptions, "host" | "direct" | "birthdaySearch" | "keepaliveMs">;

/** What the programs have parsed and compiled, for the next ones. */
const compileCache = projectPath("build/compile-cache");

/** Starts a program of these tests in a namespace. If the test fails, what it printed is shown. */
export function startProgram(where: Namespace, program: string, env: NodeJS.ProcessEnv): Child {
  const path = projectPath(`test/integration/peer/programs/${program}.ts`);
  const child = where.start(process.execPath, [path], { NODE_COMPILE_CACHE: compileCache, ...env });
  cleanUp((hasFailed) => {
    if (hasFailed) process.stderr.write(`${where.name}, ${program}: ${child.stdout()}${child.stderr()}\n`);
  });
  return child;
}

/** A program at one host. Each of its peers has a socket and a name of its own, and takes part in one connection. */
export class PeerProgram {
  readonly #child: Child;
  readonly #peers = new Map<string, LabPeer>();
  /** All that it has printed. */
  readonly lines: (Told & { readonly name?: string })[] = [];

  private constructor(child: Child) {
    this.#child = child;
    createInterface(child.process.stdout).on("line", (line) => {
      const told = JSON.parse(line) as Told & { readonly name?: string };
      this.lines.push(told);
      if (told.name !== undefined) this.#peers.get(told.name)?.hear(told);
    });
    const end = (): void => this.#peers.forEach((peer) => peer.fail(new Error(`ended: ${child.stderr()}`)));
    child.exited.then(end, end);
  }

  static async start(where: Namespace, env: NodeJS.ProcessEnv): Promise<PeerProgram> {
    const program = new PeerProgram(startProgram(where, "peers", env));
    await program.#child.prints(/"started"/);
    return program;
  }

  /** Has a peer accept connections. */
  async accept(name: string, options: EndOptions = {}): Promise<LabPeer> {
    const peer = this.#add(name);
    this.#order({ order: "accept", name, options: { token: await tokenFor(name), ...options } });
    await peer.next(({ event }) => event === "listening");
    return peer;
  }

  /** Has a peer dial another one and exchange bytes with it. */
  async dial(name: string, to: string, pace: Pace, options: EndOptions = {}): Promise<LabPeer> {
    const peer = this.#add(name);
    this.#order({ order: "dial", name, to, pace, options: { token: await tokenFor(name), ...options } });
    await peer.next(({ event }) => event === "ready");
    return peer;
  }

  #add(name: string): LabPeer {
    const peer = new LabPeer((order) => this.#order({ order, name }));
    this.#peers.set(name, peer);
    return peer;
  }

  #order(command: Command): void {
    this.#child.process.stdin.write(`${JSON.stringify(command)}\n`);
  }
}
