import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { stunNonceMs } from "../defaults.ts";
import type { Address } from "../wire/address.ts";

/**
 * The nonce cookie and the security feature bits after it (RFC 8489 §9.2, §18.1): bit 0, the leftmost,
 * says that password algorithms were offered.
 */
const cookie = `obMatJos2${Buffer.from([0x80, 0, 0]).toString("base64")}`;
const secondBytes = 4;
const macBytes = 12;

/** Stateless nonces: the second they were made in, and an HMAC over it and the address they were made for. */
export class StunNonces {
  readonly #key: Uint8Array = randomBytes(32);

  /** A nonce for `source`: 35 ASCII bytes. */
  make(source: Address, nowMs: number): Uint8Array {
    const second = Buffer.alloc(secondBytes);
    second.writeUInt32BE(Math.trunc(nowMs / 1000) % 2 ** 32);
    const body = Buffer.concat([second, this.#mac(source, second)]);
    return Buffer.from(cookie + body.toString("base64url"));
  }

  /** Tells whether `nonce` was made here, for `source`, within the last minute. */
  isValid(nonce: Uint8Array, source: Address, nowMs: number): boolean {
    const text = Buffer.from(nonce).toString("latin1");
    const body = Buffer.from(text.slice(cookie.length), "base64url");
    if (!text.startsWith(cookie) || body.length !== secondBytes + macBytes) return false;
    const second = body.subarray(0, secondBytes);
    if (!timingSafeEqual(body.subarray(secondBytes), this.#mac(source, second))) return false;
    return nowMs - second.readUInt32BE() * 1000 < stunNonceMs;
  }

  #mac({ address, port }: Address, second: Uint8Array): Uint8Array {
    const mac = createHmac("sha256", this.#key).update(second).update(`${address}|${port}`).digest();
    return mac.subarray(0, macBytes);
  }
}
