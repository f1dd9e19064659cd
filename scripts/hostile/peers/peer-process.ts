import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cpuNsOf } from "../../../bench/rig/machine/cpu.ts";
import { rssBytesOf } from "../process-memory.ts";

/** What a peer's process is told first. */
export interface PeerSetting {
  readonly relay: string;
  readonly relayCa: string;
  readonly token: string;
  /** Certificate and key, PEM. */
  readonly identity: string;
  /** Pins that the peer trusts, and those on which it never makes up its mind. */
  readonly trusted: readonly string[];
  readonly unjudged: readonly string[];
}

/** A peer of the package in a process of its own. The caller closes it. */
export class PeerProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @param program a file of `programs/`, which answers the setting when it is ready. */
  static async start(program: string, setting: PeerSetting): Promise<PeerProcess> {
    const child = fork(new URL(`programs/${program}`, import.meta.url), {
      // The flags with which the command `quicpipe` starts.
      execArgv: ["--expose-gc", "--max-semi-space-size=8", "--heap-growing-percent=20"],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const peer = new PeerProcess(child);
    await peer.#exchange(setting);
    return peer;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resident memory, in bytes; 0 once the process is gone. */
  get rssBytes(): number {
    return this.isAlive ? rssBytesOf(this.pid) : 0;
  }

  /** Time on a core so far, in ns. */
  get cpuNs(): number {
    return cpuNsOf(this.pid);
  }

  /** Asks one question at a time. @throws if the process ends instead. */
  async ask<Answer>(question: string): Promise<Answer> {
    return (await this.#exchange(question)) as Answer;
  }

  async close(): Promise<void> {
    if (!this.isAlive) return;
    const exited = once(this.#child, "exit");
    this.#child.kill();
    await exited;
  }

  async #exchange(message: string | PeerSetting): Promise<unknown> {
    const over = new AbortController();
    const answered = once(this.#child, "message", over);
    const ended = once(this.#child, "exit", over).then(([code]) => {
      throw new Error(`a peer's process ended with ${code}`);
    });
    this.#child.send(message);
    try {
      const [answer] = (await Promise.race([answered, ended])) as [unknown];
      return answer;
    } finally {
      over.abort();
      await Promise.allSettled([answered, ended]);
    }
  }
}
