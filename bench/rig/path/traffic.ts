import { relayAddress } from "./internet.ts";
import type { PathLab } from "./lab.ts";
import type { Machine } from "./machine.ts";

/** IPv4 and UDP headers. */
const headerBytes = 28;

/** Counts STUN, and what else goes straight to the other peer. The rest to the relay is told apart by the relay alone. */
const table = `table ip traffic {
  counter counted {}
  chain out {
    type filter hook output priority filter;
    oifname "lo" return
    meta l4proto != udp return
    @th,96,32 0x2112a442 counter name counted return
    ip saddr != ${relayAddress} ip daddr != ${relayAddress} counter name counted
  }
}`;

/**
 * Counts the bytes of two peers' connection, with IP headers: those of both peers, and those of the relay to them. The peers' HTTP
 * sessions with the relay are left out.
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
    const sent = this.#machines.map(countedAt).reduce((sum, each) => sum + each, 0);
    // What is relayed comes in and goes out.
    return sent + 2 * (bytes + packets * headerBytes);
  }
}

function countedAt(machine: Machine): number {
  const { nftables } = JSON.parse(machine.run("nft", "--json", "list", "counters"));
  return nftables.find((each: object) => "counter" in each).counter.bytes;
}
