import { H3 } from "h3";
import { describe, expect } from "vitest";
import { startBrowser } from "./harness/http/browser.ts";
import { startRelay } from "./harness/relay.ts";
import { itWith } from "./harness/requirement.ts";

describe("a browser at the relay's port", () => {
  itWith("chromium")("loads a page over HTTP/3, with its empty source connection IDs", async () => {
    // Nothing listens for TCP at the relay's port: what the browser shows came by QUIC.
    const app = new H3().get("/", () => "served beside a relay");
    const { port, certificate, relay } = await startRelay({}, app);
    const origin = `127.0.0.1:${port}`;
    const browser = startBrowser(origin, certificate, "--dump-dom", `https://${origin}/`);
    expect(await browser.exited, browser.stderr()).toBe(0);
    expect(browser.stdout(), browser.stderr()).toContain("served beside a relay");
    expect(relay.stats().gateway.packetsIn).toBeGreaterThan(3);
  });
});
