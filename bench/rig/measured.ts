import type { Address } from "../../src/wire/address.ts";

/** What a measured process is told to forward: everything from `source` to `sink`. */
export interface Course {
  readonly source: Address;
  readonly sink: Address;
  /** 12-byte connection IDs of the packets that will come, back to back. */
  readonly cids: Uint8Array;
}

/** A reading of the process since its start. */
export interface Reading {
  readonly packets: number;
  /** User and system time, in µs. */
  readonly cpuUs: number;
}

/** What the harness sends to a measured process. */
export type Order = { readonly course: Course } | "read";

/** What a measured process sends back: its port for a course, a reading for `read`. */
export interface Report {
  readonly port?: number;
  readonly reading?: Reading;
}

/** A forwarder under measurement. */
export interface Measured {
  readonly port: number;
  readonly packets: () => number;
}

/** Runs a forwarder as a process of its own, ordered about over IPC; it ends with the channel. */
export function serveMeasured(open: (course: Course) => Promise<Measured>): void {
  let measured: Measured | undefined;
  process.on("message", async (order: Order) => {
    if (order !== "read") {
      measured = await open(order.course);
      report({ port: measured.port });
      return;
    }
    const { user, system } = process.cpuUsage();
    report({ reading: { packets: measured?.packets() ?? 0, cpuUs: user + system } });
  });
  process.on("disconnect", () => process.exit());
}

function report(message: Report): void {
  process.send?.(message);
}
