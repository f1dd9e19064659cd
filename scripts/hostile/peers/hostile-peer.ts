import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { cpuNsOf } from "../../../bench/rig/machine/cpu.ts";
import type { Target } from "../attack.ts";
import { openPeer } from "../attacks/registered-peer.ts";
import type { Registrant } from "../honest/registrant.ts";
import type { Flood } from "./floods.ts";
import { accepterName } from "./honest-figures.ts";

/** What a hostile peer got done. */
export interface Tally {
  readonly packets: number;
  readonly bytes: number;
  /** Connections that it began, and the error codes of those that the accepter ended. */
  readonly connections: number;
  readonly closed: readonly number[];
}

/** Connection IDs: as many as a relay allows for one registration. */
const cids = 256;
const address = "127.0.0.66";
/** Half of what a process may give up: a hostile peer on the Internet takes no processor time from anybody. */
const niceness = 10;
/** Time for the first packet of a flood, in ms. */
const arrivalMs = 10_000;
/** Gap before a message that the relay refused for now is left again, in ms. */
const refusedMs = 100;

const path = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url));

/** Builds the forger. @throws if that fails. */
export function buildForger(): void {
  const builder = [path("scripts/build-engine.mjs"), "--quiet", "--example", "forger"];
  const { status } = spawnSync(process.execPath, builder, { stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("the forger was not built");
}

/**
 * A hostile peer: an ordinary subject of the relay that dials the accepter by its mailbox, and floods it from a process of its own.
 * The caller has it leave.
 */
export class HostilePeer {
  readonly #registrant: Registrant;
  readonly #child: ChildProcess;
  readonly #began = Promise.withResolvers<void>();
  readonly #tally = Promise.withResolvers<Tally>();
  /** Whether a flight that the relay refuses is left again. Of many, some may be missing. */
  #insists: boolean;

  private constructor(registrant: Registrant, child: ChildProcess, { frames }: Flood) {
    this.#registrant = registrant;
    this.#insists = frames !== "none";
    this.#child = child;
    setPriority(child.pid!, niceness);
    createInterface(child.stdout!).on("line", (line) => this.#hear(line));
  }

  /** @param identity file of its certificate and key. */
  static async start(target: Target, subject: string, flood: Flood, identity: string): Promise<HostilePeer> {
    const registrant = await openPeer(target, subject, address, cids);
    if (!registrant) throw new Error(`the relay did not register ${subject}`);
    const own = await registrant.handOver();
    const relay = `${target.host}:${target.port}`;
    const args = [relay, own, registrant.key.toString("hex"), `${cids}`, identity, flood.level, flood.frames];
    const child = spawn(path("target/release/examples/forger"), args, {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(child, "spawn");
    return new HostilePeer(registrant, child, flood);
  }

  /** Time on a core so far, in ns. */
  get cpuNs(): number {
    return cpuNsOf(this.#child.pid!);
  }

  /** Waits for the first packet of the flood, for some time. */
  async begins(): Promise<void> {
    await Promise.race([this.#began.promise, once(this.#child, "exit"), sleep(arrivalMs)]);
  }

  /** Stops the flood, and keeps the connection. @throws if the process has ended. */
  async stops(): Promise<Tally> {
    this.#child.stdin!.write("stop\n");
    const ended = once(this.#child, "exit").then(([code]) => {
      throw new Error(`the forger ended with ${code}`);
    });
    return await Promise.race([this.#tally.promise, ended]);
  }

  /** Closes the connection, and ends the registration. */
  async leaves(): Promise<void> {
    this.#insists = false;
    const exited = this.#child.exitCode === null ? once(this.#child, "exit") : undefined;
    this.#child.stdin!.end();
    await exited;
    await this.#registrant.leave();
    this.#registrant.close();
  }

  #hear(line: string): void {
    const [word, ...rest] = line.split(" ");
    if (word === "flight") void this.#deliver(rest[0]!.split(","));
    else if (word === "flooding") this.#began.resolve();
    else this.#tally.resolve(tallyOf([word!, ...rest]));
  }

  /** Leaves a first flight in the accepter's mailbox. */
  async #deliver(flight: readonly string[]): Promise<void> {
    const packets = flight.map((packet) => Buffer.from(packet, "hex"));
    while (!(await this.#registrant.leaveFlight(accepterName, packets)) && this.#insists)
      await sleep(refusedMs);
  }
}

function tallyOf([packets, bytes, connections, closed]: readonly string[]): Tally {
  return {
    packets: Number(packets),
    bytes: Number(bytes),
    connections: Number(connections),
    closed: closed ? closed.split(",").map(Number) : [],
  };
}
