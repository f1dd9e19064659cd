import { randomBytes } from "node:crypto";
import type { Socket } from "node:dgram";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeBindingRequest } from "../../../src/wire/stun-binding.ts";
import type { Attack, Tally, Target } from "../attack.ts";
import { openSocket } from "../honest/socket.ts";
import { closePeer, openPeer } from "./registered-peer.ts";

/** 61 Mbit/s of requests that look authenticated. */
const floodPerSecond = 50_000;
/** Distinct requests, sent over and over, under random user names that do not exist. */
const variants = 64;
/** Fewer than a subject may hold. */
const registrations = 40;

/** Requests that look authenticated. Each would cost the relay some HMACs. */
export const stunFlood: Attack = strangersAttack("STUN flood of one source", ["127.0.8.1"], floodPerSecond);

/** The same from many sources, as with spoofed addresses. */
export const spoofedStunFlood: Attack = strangersAttack(
  "STUN flood of many sources",
  Array.from({ length: 254 }, (_, i) => `127.0.9.${1 + i}`),
  floodPerSecond,
);

/** A few requests a second from the addresses of honest clients, to use up the replies allowed to these. */
export const spoofedVictims: Attack = strangersAttack(
  "STUN from the addresses of the honest",
  ["127.0.0.77", "127.0.0.78", "127.0.0.79"],
  3 * 60,
);

/** Wrong proofs under the names of live registrations, from their own addresses. */
export const namedStunFlood: Attack = {
  name: "STUN flood in the names of registrations",
  unit: "datagrams",
  boundsTurns: true,
  async run(target, signal, tally) {
    const all = Array.from({ length: registrations }, () => openPeer(target, "mallory", "127.0.8.2"));
    const peers = (await Promise.all(all)).filter((peer) => peer !== undefined);
    const sockets = peers.map(({ socket }) => socket);
    const requests = peers.map(({ id }) => authenticatedLooking(id!));
    await flood({ target, sockets, requests, perSecond: floodPerSecond }, signal, tally);
    await Promise.all(peers.map(closePeer));
  },
};

function strangersAttack(name: string, addresses: readonly string[], perSecond: number): Attack {
  return {
    name,
    unit: "datagrams",
    boundsTurns: true,
    async run(target, signal, tally) {
      const sockets = await Promise.all(addresses.map(openSocket));
      const names = Array.from({ length: variants }, () => randomBytes(16).toString("base64url"));
      const requests = names.map(authenticatedLooking);
      await flood({ target, sockets, requests, perSecond }, signal, tally);
      for (const socket of sockets) socket.close();
    },
  };
}

interface Flood {
  readonly target: Target;
  readonly sockets: readonly Socket[];
  readonly requests: readonly Uint8Array[];
  readonly perSecond: number;
}

/** Sends the requests in turn from the sockets in turn. */
async function flood(
  { target: { host, port }, sockets, requests, perSecond }: Flood,
  signal: AbortSignal,
  tally: Tally,
): Promise<void> {
  const startedAtMs = performance.now();
  for (let sent = 0; !signal.aborted && sockets.length > 0; await sleep(1)) {
    // At most a tenth of a second's share at once, in case the attacker itself was held up.
    const due = Math.min(((performance.now() - startedAtMs) / 1000) * perSecond, sent + perSecond / 10);
    for (; sent < due; sent++, tally())
      sockets[sent % sockets.length]!.send(requests[sent % requests.length]!, port, host);
  }
}

function authenticatedLooking(username: string): Uint8Array {
  return encodeBindingRequest({
    transactionId: randomBytes(12),
    credential: { username, password: "guessed" },
    challenge: {
      realm: "quicpipe",
      nonce: Buffer.from(`obMatJos2gAAA${randomBytes(18).toString("base64url")}`),
      passwordAlgorithms: Uint8Array.of(0, 2, 0, 0),
    },
  });
}
