import { expect, it } from "vitest";
import { connectHttp3 } from "../harness/http/http3-client.ts";
import { startRelay } from "../harness/relay.ts";
import { adminToken, secret } from "../harness/token.ts";

it("the console is served over HTTP/3 through the relay's own port as well, its events too", async () => {
  const { port, certificate, relay } = await startRelay({ auth: { secret } });
  const browser = await connectHttp3(port, certificate, "auto");
  expect((await browser.request("/relay")).status).toBe(401);
  const signedIn = await browser.request("/relay/session", {
    method: "POST",
    headers: { origin: `https://localhost:${port}`, "content-type": "application/x-www-form-urlencoded" },
    body: `token=${await adminToken()}`,
  });
  expect([signedIn.status, signedIn.headers["location"]]).toEqual([303, "../relay"]);
  const cookie = String(signedIn.headers["set-cookie"]).split(";", 1)[0]!;
  expect((await browser.request("/relay", { headers: { cookie } })).status).toBe(200);
  expect((await browser.request("/relay/main.js", { headers: { cookie } })).status).toBe(200);
  for await (const event of browser.open("/relay/events", { cookie })) {
    expect(event.toString()).toMatch(/^event: stats\ndata: \{"at":/);
    break;
  }
  await browser.close();
  await expect.poll(() => relay.stats().waiters).toBe(0);
});
