import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import type { BudgetStats } from "../../src/gateway/index.ts";
import type { RelayStats } from "../../src/plugin/index.ts";
import type { Target } from "./attack.ts";
import { Issuer, tokens } from "./issuer.ts";
import { rssBytesOf } from "./process-memory.ts";

/** A message from the relay's process to its parent. */
export type RelayMessage =
  | { readonly kind: "ready"; readonly port: number; readonly certificate: string; readonly backend: string }
  | { readonly kind: "turn"; readonly longestTurnMs: number }
  | ({ readonly kind: "stats" } & ProcessStats);

/** Counters of the relay and of the servers in front of it. */
export interface ProcessStats {
  readonly relay: RelayStats;
  readonly gateway: BudgetStats;
}

/** A relay on loopback in a process of its own, observed from outside. The caller closes it. */
export class RelayProcess {
  readonly target: Target;
  readonly backend: string;
  /** Makes the tokens that the relay accepts. */
  readonly issuer: Issuer;
  readonly #child: ChildProcess;
  #stderr = "";
  #stderrBytes = 0;
  #longestTurnMs = 0;

  private constructor(child: ChildProcess, target: Target, backend: string, issuer: Issuer) {
    this.#child = child;
    this.target = target;
    this.backend = backend;
    this.issuer = issuer;
    for (const output of [child.stdout, child.stderr])
      output?.setEncoding("utf8").on("data", (text: string) => {
        this.#stderrBytes += text.length;
        this.#stderr = (this.#stderr + text).slice(-4000);
      });
    child.on("message", (message: RelayMessage) => {
      if (message.kind === "turn") this.#longestTurnMs = Math.max(this.#longestTurnMs, message.longestTurnMs);
    });
  }

  static async start(backend: string): Promise<RelayProcess> {
    const issuer = await Issuer.start();
    const child = fork(new URL("programs/relay.ts", import.meta.url), {
      // The flags with which `quicpipe relay` starts and which README.md recommends.
      execArgv: ["--max-semi-space-size=8", "--heap-growing-percent=20"],
      env: { ...process.env, BACKEND: backend, JWKS: issuer.url },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const [ready] = (await once(child, "message")) as [RelayMessage & { kind: "ready" }];
    const { port, certificate } = ready;
    const target = { host: "127.0.0.1", port, certificate, token: tokens(issuer.key) };
    return new RelayProcess(child, target, ready.backend, issuer);
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resident memory, in bytes; 0 once the process is gone. */
  get rssBytes(): number {
    return this.isAlive ? rssBytesOf(this.#child.pid!) : 0;
  }

  get descriptors(): number {
    return this.isAlive ? readdirSync(`/proc/${this.#child.pid}/fd`).length : 0;
  }

  /** Bytes written to the log so far. */
  get logBytes(): number {
    return this.#stderrBytes;
  }

  /** The end of the log, for finding out what happened. */
  get logEnd(): string {
    return this.#stderr;
  }

  /** Returns the longest turn of the event loop since the last call, in ms. */
  takeLongestTurnMs(): number {
    const longest = this.#longestTurnMs;
    this.#longestTurnMs = 0;
    return longest;
  }

  /** @throws if the process has ended. */
  async stats(): Promise<ProcessStats> {
    this.#child.send("stats");
    for (;;) {
      const [message] = (await once(this.#child, "message")) as [RelayMessage];
      if (message.kind === "stats") return message;
    }
  }

  /** Lets the process end by itself. */
  async close(): Promise<void> {
    this.issuer.close();
    if (!this.isAlive) return;
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    await exited;
    clearTimeout(timer);
  }
}
