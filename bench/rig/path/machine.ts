import { type Child, startChild } from "../machine/child.ts";
import { runCommand } from "../machine/command.ts";
import { runDirectory } from "../machine/sandbox.ts";

/** A machine of the rows of paths: a network namespace with IPv4, and what was started in it. */
export class Machine implements AsyncDisposable {
  readonly #name: string;
  readonly #children: Child[] = [];

  constructor(name: string) {
    this.#name = `path-${name}`;
    runCommand("ip", "netns", "add", this.#name);
    this.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1");
    this.ip("link", "set", "lo", "up");
  }

  ip(...command: readonly string[]): void {
    runCommand("ip", "-n", this.#name, ...command);
  }

  /** Runs a command here, and returns its output when it ends. */
  run(...command: readonly string[]): string {
    const [program, ...args] = [...this.#entrance, ...command];
    return runCommand(program!, ...args);
  }

  /** Starts a process here, on any core. It ends with the machine at the latest. */
  start(command: readonly string[]): Child {
    const child = startChild([...this.#entrance, ...command]);
    this.#children.push(child);
    return child;
  }

  /** Lays a cable to another machine: a pair of virtual cards. */
  cable(card: string, other: Machine, otherCard: string): void {
    const [here, there] = [this.#name, other.#name];
    runCommand("ip", "link", "add", card, "netns", here, "type", "veth", "peer", otherCard, "netns", there);
    this.ip("link", "set", card, "up");
    other.ip("link", "set", otherCard, "up");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) await child.stop();
    runCommand("ip", "netns", "delete", this.#name);
  }

  get #entrance(): readonly string[] {
    return ["nsenter", `--net=${runDirectory}/netns/${this.#name}`];
  }
}
