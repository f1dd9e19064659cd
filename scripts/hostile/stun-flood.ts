import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeBindingRequest } from "../../src/wire/stun-binding.ts";
import type { Attack, Target } from "./attack.ts";
import { openSocket } from "./honest/socket.ts";

const perSecond = 50_000;
/** Requests that are sent again and again, under random names that nobody has. */
const variants = 64;

/** Requests that look authenticated, each of which would cost its receiver some HMACs, as fast as 61 Mbit/s carry them. */
export const stunFlood: Attack = {
  name: "STUN flood of one source",
  run: (target, signal) => flood(target, ["127.0.8.1"], perSecond, signal),
};

/** The same from many sources, as one spoofs them. */
export const spoofedStunFlood: Attack = {
  name: "STUN flood of many sources",
  run: (target, signal) =>
    flood(
      target,
      Array.from({ length: 254 }, (_, i) => `127.0.9.${1 + i}`),
      perSecond,
      signal,
    ),
};

/** A few requests a second that seem to come from the addresses of the honest, to use up what is answered to these. */
export const spoofedVictims: Attack = {
  name: "STUN from the addresses of the honest",
  run: (target, signal) => flood(target, ["127.0.0.77", "127.0.0.78", "127.0.0.79"], 3 * 60, signal),
};

async function flood(
  { host, port }: Pick<Target, "host" | "port">,
  addresses: readonly string[],
  rate: number,
  signal: AbortSignal,
): Promise<void> {
  const sockets = await Promise.all(addresses.map(openSocket));
  const requests = Array.from({ length: variants }, authenticatedLooking);
  const startedAtMs = performance.now();
  for (let sent = 0; !signal.aborted; await sleep(1)) {
    // At most what a tenth of a second asks for at once, should the attacker itself be held up.
    const due = Math.min(((performance.now() - startedAtMs) / 1000) * rate, sent + rate / 10);
    for (; sent < due; sent++) sockets[sent % sockets.length]!.send(requests[sent % variants]!, port, host);
  }
  for (const socket of sockets) socket.close();
}

function authenticatedLooking(): Uint8Array {
  return encodeBindingRequest({
    transactionId: randomBytes(12),
    credential: { username: randomBytes(16).toString("base64url"), password: "guessed" },
    challenge: {
      realm: "quicpipe",
      nonce: Buffer.from(`obMatJos2gAAA${randomBytes(18).toString("base64url")}`),
      passwordAlgorithms: Uint8Array.of(0, 2, 0, 0),
    },
  });
}
