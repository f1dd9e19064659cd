import { setTimeout as sleep } from "node:timers/promises";
import type { Attack, Tally, Target } from "../attack.ts";
import type { Registrant } from "../honest/registrant.ts";
import { closePeer, openPeer } from "./registered-peer.ts";

const payload: Buffer = Buffer.alloc(1000);
/** More than the smallest token bucket holds. */
const burst = 70;
/** Time for the system's buffers to take a burst, in ms. */
const pauseMs = 20;
/** Fewer than a subject may hold. */
const registrations = 40;

const attacker = "greedy";
const attackerAddress = "127.0.0.1";

async function sendBurst(from: Registrant, to: Registrant, tally: Tally): Promise<void> {
  for (let i = 0; i < burst; i++) from.sendTo(to, payload);
  tally(burst);
  await sleep(pauseMs);
}

/** Returns an attack on a peer that only receives. */
function attackOf(
  name: string,
  attack: (target: Target, to: Registrant, signal: AbortSignal, tally: Tally) => Promise<void>,
): Attack {
  return {
    name,
    unit: "packets",
    async run(target, signal, tally) {
      const to = await openPeer(target, "greedy-receiver", attackerAddress);
      if (!to) return;
      await attack(target, to, signal, tally);
      await closePeer(to);
    },
  };
}

/** A rate limit per registration would start afresh with each new one. */
export const newRegistrations: Attack = attackOf(
  "a new registration for each burst",
  async (target, to, signal, tally) => {
    while (!signal.aborted) {
      const from = await openPeer(target, attacker, attackerAddress);
      if (from) {
        await sendBurst(from, to, tally);
        await closePeer(from);
      } else await sleep(pauseMs);
    }
  },
);

/** A rate limit per registration would multiply with their number. */
export const manyRegistrations: Attack = attackOf(
  "many registrations of one subject",
  async (target, to, signal, tally) => {
    const all = await Promise.all(
      Array.from({ length: registrations }, () => openPeer(target, attacker, attackerAddress)),
    );
    const peers = all.filter((peer) => peer !== undefined);
    while (!signal.aborted) for (const peer of peers) await sendBurst(peer, to, tally);
    await Promise.all(peers.map(closePeer));
  },
);
