import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "../attack.ts";
import { Registrant } from "./registrant.ts";
import { visitHttp3, visitTcp } from "./visitor.ts";

/** Pause between two rounds, in ms: one source may begin at most 10 TCP connections a second. */
const pauseMs = 200;

/** Counters of the passers-by. */
export interface PassersBy {
  visits: number;
  visitsFailed: number;
  registrations: number;
  registrationsFailed: number;
}

/** Until `signal` aborts, visits, and registers peers that prove their address and leave. */
export async function passBy(target: Target, signal: AbortSignal): Promise<PassersBy> {
  const seen: PassersBy = { visits: 0, visitsFailed: 0, registrations: 0, registrationsFailed: 0 };
  while (!signal.aborted) {
    for (const visit of [visitHttp3, visitTcp]) {
      seen.visits++;
      if ((await visit(target)) === undefined) seen.visitsFailed++;
    }
    seen.registrations++;
    if (!(await register(target, "passer-by", "127.0.0.80"))) seen.registrationsFailed++;
    await sleep(pauseMs);
  }
  return seen;
}

/** Registers a peer that proves its address and leaves. Reports whether the relay granted it all. */
export async function register(target: Target, subject: string, address: string): Promise<boolean> {
  const peer = await Registrant.open(target, subject, address, () => undefined);
  try {
    return (await peer.register()) && (await peer.renew()) && (await peer.leave());
  } finally {
    peer.close();
  }
}
