import { spawnSync } from "node:child_process";
import { startChild, type Child } from "../child.ts";
import { cleanUp } from "./clean-up.ts";
import { removeAtDeath } from "./removal.ts";

function runWith(input: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", input });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr}${input}`);
  return stdout;
}

function run(command: string, ...args: string[]): string {
  return runWith("", command, ...args);
}

let made = 0;

/** A network namespace of the test's own, removed with everything in it when the test ends. */
export class Namespace {
  readonly name: string;
  /** `ip netns exec` would hide what is mounted under /sys. */
  readonly #door: string;
  readonly #children: Child[] = [];
  #isThere = true;

  constructor(role: string) {
    this.name = `qp-${role}-${made++}-${process.pid}`;
    this.#door = `--net=/run/netns/${this.name}`;
    removeAtDeath();
    run("ip", "netns", "add", this.name);
    cleanUp(() => this.remove());
    this.ip("link", "set", "lo", "up");
  }

  /** Removes it before the test ends, and kills what was started in it. */
  remove(): void {
    if (!this.#isThere) return;
    this.#isThere = false;
    for (const { process: child } of this.#children) child.kill("SIGKILL");
    run("ip", "netns", "delete", this.name);
  }

  /** `ip` in this namespace, and what it printed. */
  ip(...args: string[]): string {
    return run("ip", "-n", this.name, ...args);
  }

  /** Several commands of `ip` at once, one a line, which is faster. */
  ipBatch(lines: readonly string[]): void {
    runWith(`${lines.join("\n")}\n`, "ip", "-n", this.name, "-batch", "-");
  }

  /** Adds these rules of nftables, all or none. */
  nft(rules: string): void {
    runWith(rules, "nsenter", this.#door, "nft", "-f", "-");
  }

  /** Runs a command here to its end, and returns what it printed. */
  run(command: string, ...args: string[]): string {
    return run("nsenter", this.#door, command, ...args);
  }

  /** Starts a process here. */
  start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Child {
    const child = startChild("nsenter", [this.#door, command, ...args], { env });
    this.#children.push(child);
    return child;
  }

  /** Lays a cable from here to another namespace. */
  cable(link: string, other: Namespace, otherLink: string): void {
    const end = (name: string, { name: netns }: Namespace): string[] => [name, "netns", netns];
    run("ip", "link", "add", ...end(link, this), "type", "veth", "peer", ...end(otherLink, other));
    this.ip("link", "set", link, "up");
    other.ip("link", "set", otherLink, "up");
  }

  /** The same, with an address at each end. */
  connect(link: string, address: string, other: Namespace, otherLink: string, otherAddress: string): void {
    this.cable(link, other, otherLink);
    this.ip("address", "add", address, "dev", link);
    other.ip("address", "add", otherAddress, "dev", otherLink);
  }
}
