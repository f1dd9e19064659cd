import type { SharedFile } from "./course.ts";
import type { Addresses } from "./ground.ts";

/** What a forwarder under measurement is started with. */
export interface Start {
  /** The connection IDs of the course, in a file, back to back. */
  readonly cids: SharedFile;
  readonly addresses: Addresses;
  /** Where the load comes from. */
  readonly sourcePort: number;
}

/** A forwarder to measure, as a process of its own. */
export interface Contestant {
  readonly name: string;
  /** The program and its arguments. It prints the UDP port that it listens on, unless `turn` says which. */
  command(start: Start): readonly string[];
  /** For a TURN server: its port, and how many clients share out the sessions. */
  readonly turn?: { readonly port: number; readonly clients: number };
  /** For an XDP program (subjects/xdp.c): it checks itself, and is attached while it has its turn. */
  readonly isProgram?: boolean;
}
