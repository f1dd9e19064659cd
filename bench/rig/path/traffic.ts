import { relayAddress } from "./internet.ts";
import type { PathLab } from "./lab.ts";
import type { Machine } from "./machine.ts";

/** IPv4 and UDP headers. */
const headerBytes = 28;

/** Counts what goes straight to the other peer, and STUN with the relay. The rest to the relay is told apart by the relay alone. */
const table = `table ip traffic {
  counter direct {}
  counter stun {}
  chain out {
    type filter hook output priority filter;
    oifname "lo" return
    meta l4proto != udp return
    ip saddr != ${relayAddress} ip daddr != ${relayAddress} counter name direct return
    @th,96,32 0x2112a442 counter name stun
  }
}`;

/**
 * Counts the bytes of two peers' connection, with IP headers, on one peer's cable, both directions together; of the two cables the mean.
 * The peers' HTTP sessions with the relay are left out.
 */
export class Traffic {
  readonly #lab: PathLab;
  readonly #machines: readonly Machine[];

  constructor(lab: PathLab) {
    this.#lab = lab;
    this.#machines = [...Object.values(lab.internet.hosts), lab.internet.relay];
    for (const machine of this.#machines) machine.run("nft", table);
  }

  /** Bytes until now. */
  async bytes(): Promise<number> {
    const { packets, bytes } = JSON.parse(await this.#lab.relay.ask("relayed"));
    const sum = (counter: string): number =>
      this.#machines.reduce((total, each) => total + countedAt(each, counter), 0);
    // What is relayed comes and goes, and what is direct is on the cables of both.
    return (sum("stun") + 2 * (sum("direct") + bytes + packets * headerBytes)) / 2;
  }
}

function countedAt(machine: Machine, counter: string): number {
  const { nftables } = JSON.parse(machine.run("nft", "--json", "list", "counters"));
  return nftables.find((each: { counter?: { name: string } }) => each.counter?.name === counter).counter
    .bytes;
}
