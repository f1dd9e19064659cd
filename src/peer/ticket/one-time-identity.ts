import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { createCertificate } from "../../files/certificate.ts";
import { type Identity, loadIdentity, pinOfKey } from "../trust/identity.ts";

/** The DER of a private key in PKCS #8 before the 32 bytes of an Ed25519 key (RFC 8410 §7). */
const ed25519Prefix = Buffer.from("302e020100300506032b657004220420", "hex");

function keyOf(seed: Uint8Array): KeyObject {
  const key = Buffer.concat([ed25519Prefix, seed]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

/** Returns the pin of the key with this seed. */
export function pinOfSeed(seed: Uint8Array): string {
  return pinOfKey(createPublicKey(keyOf(seed)));
}

/**
 * Returns the identity of whoever dials a ticket with this seed.
 *
 * @throws ERR_QUICPIPE_DEPENDENCY_MISSING if the optional package `@peculiar/x509` is not installed.
 */
export async function identityOfSeed(seed: Uint8Array): Promise<Identity> {
  const { certificate, privateKey } = await createCertificate({ name: "quicpipe ticket", key: keyOf(seed) });
  return loadIdentity(privateKey + certificate);
}
