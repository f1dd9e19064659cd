import { createHash, X509Certificate } from "node:crypto";
import { type Child, startChild } from "../child.ts";
import { temporaryFolder } from "../folder.ts";

/** What Chromium wants to know of a certificate that no CA issued: the SHA-256 of its public key. */
export function publicKeyHash(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}

/** Starts Chromium, which speaks HTTP/3 with an origin and trusts its certificate; it ends with the test. It needs the part `chromium`. */
export function startBrowser(origin: string, certificate: string, ...args: readonly string[]): Child {
  return startChild("chromium", [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    `--user-data-dir=${temporaryFolder()}`,
    `--origin-to-force-quic-on=${origin}`,
    `--ignore-certificate-errors-spki-list=${publicKeyHash(certificate)}`,
    ...args,
  ]);
}
