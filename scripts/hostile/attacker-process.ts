import type { JWK } from "jose";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "./attack.ts";
import type { Issuer } from "./issuer.ts";

/** The order to an attacker's process. */
export interface AttackOrder {
  readonly name: string;
  /** Key for making tokens. */
  readonly key: JWK;
  readonly target: Omit<Target, "token">;
}

/** Periodic report of an attacker: its work so far, in the attack's unit. */
export interface AttackerMessage {
  readonly done: number;
}

/** The outcome of an attack. */
export interface AttackReport {
  /** Work done, in the attack's unit. */
  readonly done: number;
  /** Whether the attacker had to be killed. Some wait for a response that the relay never gives. */
  readonly isKilled: boolean;
  /** Fault of the attacker itself: it failed, or did nothing at all. */
  readonly complaint: string | undefined;
}

/** Time for an attacker to do its first work, and for it to close what it opened, in ms. */
const arrivalMs = 60_000;
const farewellMs = 5000;

/** The relay under attack. */
export interface Attacked {
  readonly target: Target;
  readonly issuer: Pick<Issuer, "key">;
}

/** Attacks from a process of its own, for `ms` from its first work on, for which it has `firstMs`. */
export async function attackFor(
  attacked: Attacked,
  name: string,
  ms: number,
  firstMs: number = arrivalMs,
): Promise<AttackReport> {
  const attacker = new Attacker(attacked, name);
  await attacker.begins(firstMs);
  await attacker.lasts(ms);
  return await attacker.end();
}

class Attacker {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #done = 0;
  #stderr = "";

  constructor({ target: { host, port, certificate }, issuer: { key } }: Attacked, name: string) {
    const order: AttackOrder = { name, key, target: { host, port, certificate } };
    this.#child = fork(new URL("programs/attacker.ts", import.meta.url), {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    this.#exited = once(this.#child, "exit");
    this.#child.on("message", ({ done }: AttackerMessage) => (this.#done = done));
    this.#child
      .stderr!.setEncoding("utf8")
      .on("data", (text: string) => (this.#stderr = (this.#stderr + text).slice(-1000)));
    this.#child.send(order);
  }

  /** Waits until the attacker has done some work, has ended or has taken too long. */
  async begins(withinMs: number): Promise<void> {
    const signal = AbortSignal.timeout(withinMs);
    while (this.#done === 0 && !this.#hasEnded && !signal.aborted)
      await Promise.race([once(this.#child, "message", { signal }).catch(() => undefined), this.#exited]);
  }

  async lasts(ms: number): Promise<void> {
    await Promise.race([sleep(ms), this.#exited]);
  }

  async end(): Promise<AttackReport> {
    let isKilled = false;
    if (this.#child.connected) this.#child.send("stop", () => undefined);
    const timer = setTimeout(() => (isKilled = this.#child.kill("SIGKILL")), farewellMs);
    await this.#exited;
    clearTimeout(timer);
    return { done: this.#done, isKilled, complaint: this.#complaint(isKilled) };
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #complaint(isKilled: boolean): string | undefined {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== 0 && !isKilled)
      return `the attacker ended with ${signalCode ?? exitCode}: ${this.#stderr}`;
    return this.#done > 0 ? undefined : "the attacker did nothing";
  }
}
