import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { H3, serve } from "h3";
import { describe, expect, onTestFinished } from "vitest";
import type { Relay } from "../../src/plugin/index.ts";
import { certificateFiles, testCertificate } from "./harness/certificate.ts";
import { startChild } from "./harness/child.ts";
import { connectHttp3 } from "./harness/http/http3-client.ts";
import { freePort } from "./harness/network/ports.ts";
import { createRelay } from "./harness/relay.ts";
import { itWith } from "./harness/requirement.ts";
import { get, openSessionTo } from "./harness/http/http3-session.ts";

/** Caddy terminates HTTP/3 on loopback and passes requests on to the app over HTTP/1.1. */
async function startCaddy(appPort: number): Promise<number> {
  const { folder, cert, key } = certificateFiles(await testCertificate());
  const port = await freePort();
  const caddyfile = `{
  admin off
  auto_https off
}
https://localhost:${port} {
  bind 127.0.0.1
  tls ${cert} ${key}
  reverse_proxy 127.0.0.1:${appPort}
}
`;
  writeFileSync(join(folder, "Caddyfile"), caddyfile);
  const caddy = startChild("caddy", ["run", "--config", join(folder, "Caddyfile")], {
    env: { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  await caddy.prints(/serving initial configuration/);
  return port;
}

async function startBehindCaddy(): Promise<{ relay: Relay; caddyPort: number; appPort: number; app: H3 }> {
  const app = new H3().get("/", () => "behind Caddy");
  const server = serve(app, { port: 0, hostname: "127.0.0.1", silent: true });
  onTestFinished(() => server.close(true));
  await server.ready();
  const appPort = Number(new URL(server.url!).port);
  const caddyPort = await startCaddy(appPort);
  const relay = createRelay({ upstream: { port: caddyPort }, auth: "none" });
  app.use(relay);
  await relay.listen();
  return { relay, caddyPort, appPort, app };
}

const register = {
  method: "POST",
  body: JSON.stringify({ key: randomBytes(16).toString("base64"), num: 4 }),
};

describe("Caddy as the gateway behind the relay", () => {
  itWith("caddy")("serves ordinary HTTP/3 clients through the relay's port", async () => {
    const { relay } = await startBehindCaddy();
    const { certificate } = await testCertificate();
    const client = await connectHttp3(relay.address().port, certificate, "auto");
    const { status, body } = await client.request("/");
    expect([status, body.toString()]).toEqual([200, "behind Caddy"]);
  });

  itWith("caddy")("lets a peer register with the public address that the relay saw", async () => {
    const { relay } = await startBehindCaddy();
    const session = await openSessionTo(relay.address().port);
    const { status, body } = await session.request(
      get("/v1/register", { method: "POST", body: Buffer.from(register.body) }),
    );
    expect(status).toBe(200);
    const { address } = JSON.parse(Buffer.from(body).toString()) as { address: string };
    expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(relay.stats().registrations).toBe(1);
  });

  itWith("caddy")("proves no address to a client that goes to Caddy directly and claims one", async () => {
    const { relay, caddyPort } = await startBehindCaddy();
    const { certificate } = await testCertificate();
    // A virtual address is in use by this client, and known to it.
    await (await connectHttp3(relay.address().port, certificate, "auto")).request("/");
    const client = await connectHttp3(caddyPort, certificate, "auto");
    const claim = { "x-forwarded-for": "127.1.0.1, 127.1.0.2, 127.1.0.3" };
    const { body } = await client.request("/v1/register", { ...register, headers: claim });
    expect((JSON.parse(body.toString()) as { address: unknown }).address).toBeNull();
  });
});
