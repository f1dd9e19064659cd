import { spawnSync } from "node:child_process";
import { onTestFinished } from "vitest";
import { startChild, type Child } from "../child.ts";
import { removeAtDeath } from "./removal.ts";

function runWith(input: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", input });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr}${input}`);
  return stdout;
}

function run(command: string, ...args: string[]): string {
  return runWith("", command, ...args);
}

/** A network namespace of the test's own, removed with everything in it when the test ends. */
export class Namespace {
  readonly name: string;
  /** `ip netns exec` would hide what is mounted under /sys. */
  readonly #door: string;
  readonly #children: Child[] = [];
  #isThere = true;

  constructor(role: string) {
    this.name = `qp-${role}-${process.pid}`;
    this.#door = `--net=/run/netns/${this.name}`;
    removeAtDeath();
    run("ip", "netns", "add", this.name);
    onTestFinished(() => this.remove());
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

  /** Makes this namespace a NAT: what leaves by `link` gets this namespace's address and a random port. */
  masquerade(link: string): void {
    this.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
    this.run("nft", "add", "table", "ip", "nat");
    this.run("nft", "add", "chain", "ip", "nat", "post", "{ type nat hook postrouting priority 100 ; }");
    this.run("nft", "add", "rule", "ip", "nat", "post", "oifname", link, "masquerade", "random");
  }

  /** Forgets every mapping of this NAT and gives it another public address, as a rebooted router does. */
  renumber(link: string, from: string, to: string, gateway: string): void {
    // Deleting the address drops the masquerade mappings that were made from it.
    this.ip("address", "delete", from, "dev", link);
    this.ip("address", "add", to, "dev", link);
    this.ip("route", "replace", "default", "via", gateway);
  }
}

/**
 * Two homes behind NATs and a relay that both can reach, at 203.0.113.1 (documentation addresses, RFC 5737,
 * that exist only in these namespaces).
 */
export function createHomes(): { relay: Namespace; natA: Namespace; homeA: Namespace; homeB: Namespace } {
  const relay = new Namespace("relay");
  const [natA, natB] = [new Namespace("nat-a"), new Namespace("nat-b")];
  const [homeA, homeB] = [new Namespace("home-a"), new Namespace("home-b")];
  relay.connect("to-a", "203.0.113.1/29", natA, "wan", "203.0.113.2/29");
  relay.connect("to-b", "203.0.113.9/29", natB, "wan", "203.0.113.10/29");
  for (const [nat, home, gateway] of [
    [natA, homeA, "203.0.113.1"],
    [natB, homeB, "203.0.113.9"],
  ] as const) {
    nat.connect("lan", "192.168.1.1/24", home, "eth", "192.168.1.2/24");
    home.ip("route", "add", "default", "via", "192.168.1.1");
    nat.ip("route", "add", "default", "via", gateway);
    nat.masquerade("wan");
  }
  return { relay, natA, homeA, homeB };
}
