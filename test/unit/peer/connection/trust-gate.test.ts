import { describe, expect, it } from "vitest";
import type { CertificateCheck } from "../../../../src/peer/trust/trust.ts";
import { TrustGate } from "../../../../src/peer/connection/trust-gate.ts";

const der = Uint8Array.of(0x30, 0x00);

function gateWith(check: CertificateCheck | undefined): { gate: TrustGate; told: Promise<void> } {
  const { promise: told, resolve } = Promise.withResolvers<void>();
  return { gate: new TrustGate(check, resolve), told };
}

describe("the trust gate", () => {
  it("is open where nothing is to be checked", () => {
    expect(gateWith(undefined).gate.look(() => undefined)).toBe("trusted");
  });

  it("knows nothing until a certificate is there, and then asks once", () => {
    let asked = 0;
    const { gate } = gateWith(() => ++asked > 0);
    expect(gate.look(() => undefined)).toBe("unknown");
    expect(gate.look(() => der)).toBe("trusted");
    expect(gate.look(() => der)).toBe("trusted");
    expect(asked).toBe(1);
  });

  it("holds everything back while a check takes its time", async () => {
    const { gate, told } = gateWith(() => Promise.resolve(true));
    expect(gate.look(() => der)).toBe("pending");
    await told;
    expect(gate.look(() => undefined)).toBe("trusted");
  });

  it.each<[string, CertificateCheck]>([
    ["says no", () => false],
    ["says no later", () => Promise.resolve(false)],
    ["throws", () => JSON.parse("{") as boolean],
    ["rejects", () => Promise.reject(new TypeError("no"))],
  ])("refuses when the check %s", async (_, check) => {
    const { gate, told } = gateWith(check);
    if (gate.look(() => der) === "pending") await told;
    expect(gate.look(() => undefined)).toBe("refused");
  });
});
