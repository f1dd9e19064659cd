import type { SharedFile } from "./workload.ts";
import type { Addresses } from "./machine/link.ts";

/** Input for starting a forwarder under measurement. */
export interface Start {
  /** File of the workload's connection IDs, back to back. */
  readonly cids: SharedFile;
  readonly addresses: Addresses;
  /** First source port of the load. */
  readonly sourcePort: number;
}

/** A forwarder to measure, in a process of its own. */
export interface Target {
  readonly name: string;
  /** Returns the program and its arguments. The program prints its UDP port, unless `turn` gives it. */
  command(start: Start): readonly string[];
  /** For a TURN server: its port, and the number of clients among which the sessions are divided. */
  readonly turn?: { readonly port: number; readonly clients: number };
  /** Set for an XDP program (subjects/xdp.c), which checks itself and is attached only during its rounds. */
  readonly isProgram?: boolean;
}
