import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "../attack.ts";
import { Registrant } from "./registrant.ts";
import { visitHttp3, visitTcp } from "./visitor.ts";

/** Pause between two rounds, in ms: one source may not begin more than 10 connections a second. */
const pauseMs = 200;

/** What came of the passers-by. */
export interface PassersBy {
  visits: number;
  visitsFailed: number;
  registrations: number;
  registrationsFailed: number;
}

/** Visits, and registers a peer that proves its address and goes again, until `signal` aborts. */
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

/** Registers a peer that proves its address and goes again; tells whether the relay agreed. */
export async function register(target: Target, subject: string, address: string): Promise<boolean> {
  const peer = await Registrant.open(target, subject, address, () => undefined);
  try {
    return (await peer.register()) && (await peer.renew()) && (await peer.leave());
  } finally {
    peer.close();
  }
}
