import { randomBytes, timingSafeEqual } from "node:crypto";
import { stunNonceMs } from "../../defaults/index.ts";
import type { PeerAddress } from "../../wire/address.ts";
import { hmacSha256 } from "../../wire/hmac.ts";

/**
 * The nonce cookie and the security feature bits after it (RFC 8489 §9.2, §18.1): bit 0, the leftmost,
 * says that password algorithms were offered.
 */
const cookie = `obMatJos2${Buffer.from([0x80, 0, 0]).toString("base64")}`;
const tickBytes = 6;
const macBytes = 12;
/** Ticks of a nonce's time in a millisecond: 2⁴⁸ of them last until the year 2109. */
const ticksPerMs = 64;

/** Signs a tick, for a source and the address of this host that it asked, with 12 bytes that nobody else can make. */
export type SignNonce = (tick: number, source: PeerAddress) => Uint8Array;

/** Signs nonces by HMAC-SHA-256 with a random key. */
export function createNonceSigner(): SignNonce {
  const key = randomBytes(32);
  return (tick, { address, port, local = "" }) =>
    hmacSha256(key, Buffer.from(`${tick}|${address}|${port}|${local}`)).subarray(0, macBytes);
}

/**
 * Stateless nonces: the time they were made at, signed with the address they were made for and the address of this host
 * that was asked: none can be exchanged for another. Each is newer than all before it, so that what they prove has an
 * order; so the clock that they are made by must never go back. src/forwarder/native/stun/stun-nonce.c reads them as well.
 */
export class StunNonces {
  readonly #sign: SignNonce;
  #lastTick = 0;

  constructor(sign: SignNonce) {
    this.#sign = sign;
  }

  /** A nonce for `source`: 37 ASCII bytes. */
  make(source: PeerAddress, nowMs: number): Uint8Array {
    this.#lastTick = Math.max(this.#lastTick + 1, Math.trunc(nowMs) * ticksPerMs);
    const tick = Buffer.alloc(tickBytes);
    tick.writeUIntBE(this.#lastTick, 0, tickBytes);
    const body = Buffer.concat([tick, this.#sign(this.#lastTick, source)]);
    return Buffer.from(cookie + body.toString("base64url"));
  }

  /** When `nonce` was made, if that was here, for `source` and within the last minute; else `undefined`. */
  madeAtMs(nonce: Uint8Array, source: PeerAddress, nowMs: number): number | undefined {
    const text = Buffer.from(nonce).toString("latin1");
    const body = Buffer.from(text.slice(cookie.length), "base64url");
    if (!text.startsWith(cookie) || body.length !== tickBytes + macBytes) return undefined;
    const tick = body.readUIntBE(0, tickBytes);
    const madeAtMs = tick / ticksPerMs;
    if (nowMs - madeAtMs >= stunNonceMs) return undefined;
    return timingSafeEqual(body.subarray(tickBytes), this.#sign(tick, source)) ? madeAtMs : undefined;
  }
}
