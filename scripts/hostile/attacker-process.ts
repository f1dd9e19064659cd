import type { JWK } from "jose";
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "./attack.ts";
import type { RelayProcess } from "./relay-process.ts";

/** What the attacker's process is told. */
export interface AttackOrder {
  readonly name: string;
  /** With which it makes tokens. */
  readonly key: JWK;
  readonly target: Omit<Target, "token">;
}

/** How long an attacker may take to close what it opened, in ms. */
const farewellMs = 5000;

/** Attacks from a process of its own for so long; says what went wrong with the attacker itself. */
export async function attackFor(relay: RelayProcess, name: string, ms: number): Promise<string | undefined> {
  const { host, port, certificate } = relay.target;
  const child = fork(new URL("programs/attacker.ts", import.meta.url), {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaint = "";
  child
    .stderr!.setEncoding("utf8")
    .on("data", (text: string) => (complaint = (complaint + text).slice(-1000)));
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const order: AttackOrder = { name, key: relay.issuer.key, target: { host, port, certificate } };
  child.send(order);
  await Promise.race([once(child, "message"), exited]);
  await Promise.race([sleep(ms), exited]);
  if (child.connected) child.disconnect();
  let isKilled = false;
  // Some wait for what the relay does not give them; these vanish.
  const timer = setTimeout(() => (isKilled = child.kill("SIGKILL")), farewellMs);
  const [code, signal] = await exited;
  clearTimeout(timer);
  return code === 0 || isKilled ? undefined : `the attacker ended with ${signal ?? code}: ${complaint}`;
}
