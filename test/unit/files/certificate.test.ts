import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createCertificate } from "../../../src/files/certificate.ts";
import { createIdentity, loadIdentity } from "../../../src/peer/index.ts";

const invalid = { code: "ERR_QUICPIPE_OPTION_INVALID" };

describe("createCertificate() refuses an option by its name:", () => {
  it.each([
    ["name", {}],
    ["name", { name: "" }],
    ["hosts", { name: "a", hosts: "localhost" }],
    ["hosts", { name: "a", hosts: ["localhost", 5] }],
    ["days", { name: "a", days: 0 }],
    ["host", { name: "a", host: "localhost" }],
    ["name", undefined],
    ["key", { name: "a", key: "text" }],
    ["key", { name: "a", key: generateKeyPairSync("ed25519").publicKey }],
    ["key", { name: "a", key: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey }],
  ])("%s %o", async (option, wrong) => {
    await expect(createCertificate(wrong as never)).rejects.toMatchObject({
      ...invalid,
      details: { option },
    });
  });
});

describe("createIdentity() refuses an option by its name:", () => {
  it.each([
    ["createIdentity(…)", "alice"],
    ["nam", { nam: "alice" }],
    ["name", { name: 5 }],
    ["name", { name: "" }],
  ])("%s %o", async (option, wrong) => {
    await expect(createIdentity(wrong as never)).rejects.toMatchObject({ ...invalid, details: { option } });
  });
});

it("loadIdentity() refuses what is no text", () => {
  expect(() => loadIdentity(undefined as never)).toThrow(/^an identity is no text: give the pem/);
});
