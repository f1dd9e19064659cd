import { X509Certificate } from "node:crypto";
import { expect, it } from "vitest";
import { identityOfSeed, pinOfSeed } from "../../../../src/peer/ticket/one-time-identity.ts";

/** The secret key of RFC 8032 §7.1, test 1, and its public key. */
const seed = Buffer.from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "hex");
const publicKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

it("certifies the key of the seed, whose pin is known without the certificate", async () => {
  const { certificate, pin } = await identityOfSeed(seed);
  const { publicKey: key, raw } = new X509Certificate(certificate);
  expect(key.asymmetricKeyType).toBe("ed25519");
  expect(key.export({ format: "der", type: "spki" }).toString("hex")).toContain(publicKey);
  expect(new X509Certificate(certificate).verify(key)).toBe(true);
  expect(pin).toBe(pinOfSeed(seed));
  expect(raw.includes(seed)).toBe(false);
});
