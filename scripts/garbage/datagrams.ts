import { cidBytes } from "../../src/wire/connection-id.ts";
import { type BindingRequest, encodeBindingRequest } from "../../src/wire/stun-binding.ts";
import { stunTransactionIdBytes } from "../../src/wire/stun.ts";
import { passwordAlgorithmSha256 } from "../../src/wire/stun-values.ts";
import { type Random, randomBytes } from "./random.ts";

/** Each existing connection ID or initial DCID repeats one byte value below this. */
export const knownBytes = 64;
/** The only registration with STUN credentials. */
export const credential = { username: "reg_1", password: "garbage" };

/** The relay parses the first bytes of a datagram, so changes go there. */
const headBytes = 64;

/** Makes one datagram of some valid kind, often cut short or changed in places. */
export function makeGarbage(random: Random): Buffer {
  const datagram = kinds[random(kinds.length)]!(random);
  const cut = random(3) === 0 ? datagram.subarray(0, random(datagram.length + 1)) : datagram;
  const changes = random(2) === 0 && cut.length > 0 ? random(4) : 0;
  for (let i = 0; i < changes; i++) cut[random(Math.min(cut.length, headBytes))] = random(256);
  return cut;
}

/** Returns a connection ID that a session may have. */
export function knownCid(byte: number): Buffer {
  return Buffer.alloc(cidBytes, byte);
}

/** Returns an initial DCID that may have a route. */
export function knownDestination(random: Random): Buffer {
  return Buffer.alloc(8 + random(13), random(knownBytes));
}

const kinds: readonly ((random: Random) => Buffer)[] = [
  () => Buffer.alloc(0),
  (random) => randomBytes(random, random(1473)),
  (random) => shortPacket(random, knownCid(random(knownBytes)), random(1460)),
  (random) => shortPacket(random, randomBytes(random, cidBytes), 1187),
  (random) => longPacket(random, knownCid(random(knownBytes))),
  (random) => longPacket(random, knownDestination(random)),
  (random) => longPacket(random, randomBytes(random, random(21))),
  (random) => bindingRequest(random, {}),
  (random) => bindingRequest(random, { credential }),
  (random) => bindingRequest(random, { credential, challenge: challenge(random) }),
  (random) => bindingRequest(random, { credential: { username: "reg_2", password: "" } }),
];

function shortPacket(random: Random, cid: Uint8Array, payloadBytes: number): Buffer {
  return Buffer.concat([Buffer.from([random(128)]), cid, Buffer.alloc(payloadBytes, random(256))]);
}

function longPacket(random: Random, destinationId: Uint8Array): Buffer {
  const sourceId = random(2) === 0 ? knownCid(random(knownBytes)) : randomBytes(random, random(21));
  const destination = [Buffer.from([128 + random(128), 0, 0, 0, 1, destinationId.length]), destinationId];
  const payload = Buffer.alloc(random(1300), random(256));
  return Buffer.concat([...destination, Buffer.from([sourceId.length]), sourceId, payload]);
}

function bindingRequest(random: Random, request: Omit<BindingRequest, "transactionId">): Buffer {
  const transactionId = randomBytes(random, stunTransactionIdBytes);
  return Buffer.from(encodeBindingRequest({ ...request, transactionId }));
}

function challenge(random: Random): NonNullable<BindingRequest["challenge"]> {
  const nonce = randomBytes(random, random(60));
  return { realm: "quicpipe", nonce, passwordAlgorithms: passwordAlgorithmSha256 };
}
