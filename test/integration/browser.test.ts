import { createHash, X509Certificate } from "node:crypto";
import { H3 } from "h3";
import { describe, expect } from "vitest";
import { startChild } from "./harness/child.ts";
import { temporaryFolder } from "./harness/folder.ts";
import { startRelay } from "./harness/relay.ts";
import { itWith } from "./harness/requirement.ts";

/** What Chromium wants to know of a certificate that no CA issued: the SHA-256 of its public key. */
function publicKeyHash(certificate: string): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest("base64");
}

describe("a browser at the relay's port", () => {
  itWith("chromium")("loads a page over HTTP/3, with its empty source connection IDs", async () => {
    // Nothing listens for TCP at the relay's port: what the browser shows came by QUIC.
    const app = new H3().get("/", () => "served beside a relay");
    const { port, certificate, relay } = await startRelay({}, app);
    const profile = temporaryFolder();
    const browser = startChild("chromium", [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      `--user-data-dir=${profile}`,
      `--origin-to-force-quic-on=127.0.0.1:${port}`,
      `--ignore-certificate-errors-spki-list=${publicKeyHash(certificate)}`,
      "--dump-dom",
      `https://127.0.0.1:${port}/`,
    ]);
    expect(await browser.exited, browser.stderr()).toBe(0);
    expect(browser.stdout(), browser.stderr()).toContain("served beside a relay");
    expect(relay.stats().gateway.packetsIn).toBeGreaterThan(3);
  });
});
