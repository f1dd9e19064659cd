import { randomBytes, timingSafeEqual } from "node:crypto";
import { stunNonceMs } from "../../defaults/index.ts";
import type { PeerAddress } from "../../wire/address.ts";
import { hmacSha256 } from "../../wire/hmac.ts";

/**
 * The nonce cookie and the security feature bits after it (RFC 8489 §9.2, §18.1). Bit 0, the leftmost, says that password
 * algorithms were offered.
 */
const cookie = `obMatJos2${Buffer.from([0x80, 0, 0]).toString("base64")}`;
const tickBytes = 6;
const macBytes = 12;
/** Ticks of a nonce's time in a millisecond. 2⁴⁸ of them last until the year 2109. */
const ticksPerMs = 64;

/** Signs a tick, for a source and the address of this host that it asked, with 12 bytes that cannot be forged. */
export type SignNonce = (tick: number, source: PeerAddress) => Uint8Array;

/** Returns a signer with HMAC-SHA-256 and a random key. */
export function createNonceSigner(): SignNonce {
  const key = randomBytes(32);
  return (tick, { address, port, local = "" }) =>
    hmacSha256(key, Buffer.from(`${tick}|${address}|${port}|${local}`)).subarray(0, macBytes);
}

/**
 * Stateless nonces: the time at which they were made, signed with the source that they were made for and the address of this
 * host that it asked, so that none can be exchanged for another. Each is newer than all before it, which orders the proofs; so
 * their clock must never go back. src/forwarder/native/stun/stun-nonce.c reads them as well.
 */
export class StunNonces {
  readonly #sign: SignNonce;
  #lastTick = 0;

  constructor(sign: SignNonce) {
    this.#sign = sign;
  }

  /** Makes a nonce for `source`: 37 ASCII bytes. */
  make(source: PeerAddress, nowMs: number): Uint8Array {
    this.#lastTick = Math.max(this.#lastTick + 1, Math.trunc(nowMs) * ticksPerMs);
    const tick = Buffer.alloc(tickBytes);
    tick.writeUIntBE(this.#lastTick, 0, tickBytes);
    const body = Buffer.concat([tick, this.#sign(this.#lastTick, source)]);
    return Buffer.from(cookie + body.toString("base64url"));
  }

  /** Returns when `nonce` was made, if that was here, for `source` and within the last minute; otherwise `undefined`. */
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
