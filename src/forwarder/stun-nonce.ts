import { randomBytes, timingSafeEqual } from "node:crypto";
import { stunNonceMs } from "../defaults.ts";
import type { PeerAddress } from "../wire/address.ts";
import { hmacSha256 } from "../wire/hmac.ts";

/**
 * The nonce cookie and the security feature bits after it (RFC 8489 §9.2, §18.1): bit 0, the leftmost,
 * says that password algorithms were offered.
 */
const cookie = `obMatJos2${Buffer.from([0x80, 0, 0]).toString("base64")}`;
const tickBytes = 6;
const macBytes = 12;
/** Ticks of a nonce's time in a millisecond: 2⁴⁸ of them last until the year 2109. */
const ticksPerMs = 64;

/**
 * Stateless nonces: the time they were made at, and an HMAC over it and the address they were made for, with
 * the address of this host that was asked: neither can be exchanged for another. Each is newer than all before it, so
 * that what they prove has an order; so the clock that they are made by must never go back.
 */
export class StunNonces {
  readonly #key: Uint8Array = randomBytes(32);
  #lastTick = 0;

  /** A nonce for `source`: 37 ASCII bytes. */
  make(source: PeerAddress, nowMs: number): Uint8Array {
    this.#lastTick = Math.max(this.#lastTick + 1, Math.trunc(nowMs) * ticksPerMs);
    const tick = Buffer.alloc(tickBytes);
    tick.writeUIntBE(this.#lastTick, 0, tickBytes);
    const body = Buffer.concat([tick, this.#mac(source, tick)]);
    return Buffer.from(cookie + body.toString("base64url"));
  }

  /** When `nonce` was made, if that was here, for `source` and within the last minute; else `undefined`. */
  madeAtMs(nonce: Uint8Array, source: PeerAddress, nowMs: number): number | undefined {
    const text = Buffer.from(nonce).toString("latin1");
    const body = Buffer.from(text.slice(cookie.length), "base64url");
    if (!text.startsWith(cookie) || body.length !== tickBytes + macBytes) return undefined;
    const tick = body.subarray(0, tickBytes);
    if (!timingSafeEqual(body.subarray(tickBytes), this.#mac(source, tick))) return undefined;
    const madeAtMs = tick.readUIntBE(0, tickBytes) / ticksPerMs;
    return nowMs - madeAtMs < stunNonceMs ? madeAtMs : undefined;
  }

  #mac({ address, port, local = "" }: PeerAddress, tick: Uint8Array): Uint8Array {
    return hmacSha256(this.#key, tick, Buffer.from(`${address}|${port}|${local}`)).subarray(0, macBytes);
  }
}
