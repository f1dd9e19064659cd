import { describe, expect, it } from "vitest";
import { stunNonceMs } from "../../../src/defaults.ts";
import { StunNonces } from "../../../src/forwarder/stun-nonce.ts";

const nowMs = 1_700_000_000_000;
const source = { address: "192.0.2.1", port: 4433 };

describe("StunNonces", () => {
  it("begins with the nonce cookie and the bit for password algorithms (RFC 8489 §9.2)", () => {
    const nonce = Buffer.from(new StunNonces().make(source, nowMs)).toString();
    expect(nonce).toMatch(/^obMatJos2gAAA[\w-]{22}$/);
  });

  it("is valid for its life, and neither before nor after", () => {
    const nonces = new StunNonces();
    const nonce = nonces.make(source, nowMs);
    expect(nonces.isValid(nonce, source, nowMs)).toBe(true);
    expect(nonces.isValid(nonce, source, nowMs + stunNonceMs - 1)).toBe(true);
    expect(nonces.isValid(nonce, source, nowMs + stunNonceMs)).toBe(false);
  });

  it("is bound to the address and the port", () => {
    const nonces = new StunNonces();
    const nonce = nonces.make(source, nowMs);
    expect(nonces.isValid(nonce, { ...source, port: 4434 }, nowMs)).toBe(false);
    expect(nonces.isValid(nonce, { ...source, address: "192.0.2.2" }, nowMs)).toBe(false);
  });

  it("is no good to another relay, nor with any byte changed or cut off", () => {
    const nonces = new StunNonces();
    const nonce = nonces.make(source, nowMs);
    expect(new StunNonces().isValid(nonce, source, nowMs)).toBe(false);
    for (let length = 0; length < nonce.length; length++)
      expect(nonces.isValid(nonce.subarray(0, length), source, nowMs)).toBe(false);
    // The last character carries two bits more than the body has; the first 34 have none to spare.
    for (let at = 0; at < nonce.length - 1; at++) {
      const changed = Buffer.from(nonce);
      changed.writeUInt8(changed[at] === 0x41 ? 0x42 : 0x41, at);
      expect(nonces.isValid(changed, source, nowMs), `byte ${at}`).toBe(false);
    }
  });
});
