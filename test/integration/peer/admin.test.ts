import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { H3 } from "h3";
import { describe, expect, it, onTestFinished } from "vitest";
import { QuicpipeError } from "../../../src/errors.ts";
import { type AdminClient, openAdminClient } from "../../../src/peer/admin/index.ts";
import type { PeerOptions } from "../../../src/peer/index.ts";
import { createCertificate } from "../../../src/gateway/index.ts";
import { testCertificate } from "../harness/certificate.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { startHttp2 } from "../harness/gateway.ts";
import { createRelay, startTarget } from "../harness/relay.ts";
import { adminToken, secret } from "../harness/token.ts";

const noEngine = (): never => {
  throw new QuicpipeError("ERR_QUICPIPE_ADDON_MISSING", "no QUIC engine", {
    details: { platform: "linux-x64" },
  });
};

const request = { limit: 1, order: "rate" } as const;

async function clientFor(options: Pick<PeerOptions, "relay" | "relayCa">): Promise<AdminClient> {
  const client = await openAdminClient({ ...options, token: await adminToken() }, noEngine);
  onTestFinished(() => client.close());
  return client;
}

describe("a client for statistics without the QUIC engine", () => {
  it("asks over TLS, and checks the relay's certificate", async () => {
    const { target } = await startTarget({ auth: { secret } });
    const { certificate } = await testCertificate();
    const { certificate: another } = await createCertificate({ name: "another", hosts: ["localhost"] });
    for (const host of ["localhost", "127.0.0.1"])
      for (const ca of [certificate, "insecure"]) {
        const client = await clientFor({ relay: `https://${host}:${target.port}`, relayCa: ca });
        expect(await client.stats(request)).toMatchObject({ registrations: 0 });
      }
    const doubting = await clientFor({ relay: `https://localhost:${target.port}`, relayCa: another });
    await expect(doubting.stats(request)).rejects.toMatchObject({
      code: "ERR_QUICPIPE_RELAY_UNREACHABLE",
      message: expect.stringMatching(/certificate.*without the QUIC engine there is no HTTP\/3$/),
    });
  });

  it("checks the name in the relay's certificate", async () => {
    const tls = await createCertificate({ name: "elsewhere", hosts: ["relay.example"] });
    const app = new H3().use(createRelay({ auth: { secret } }));
    const { port } = await startHttp2(app, { cert: tls.certificate, key: tls.privateKey });
    const client = await clientFor({ relay: `https://127.0.0.1:${port}`, relayCa: tls.certificate });
    await expect(client.stats(request)).rejects.toThrow(
      "its certificate is valid for relay.example, not for 127.0.0.1",
    );
  });

  it("takes no common name for a name of the relay", async () => {
    const folder = temporaryFolder();
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-x509", "-subj", "/CN=localhost", "-days", "1", "-nodes", "-newkey", "rsa:2048"];
    execFileSync("openssl", ["req", ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
    const app = new H3().use(createRelay({ auth: { secret } }));
    const tls = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
    const { port } = await startHttp2(app, tls);
    const client = await clientFor({ relay: `https://localhost:${port}`, relayCa: tls.cert });
    await expect(client.stats(request)).rejects.toThrow(
      "its certificate is valid for no name, not for localhost",
    );
  });

  it("asks a relay on this machine without TLS, as with the engine", async () => {
    const { target } = await startTarget({ auth: { secret } });
    const client = await clientFor({ relay: `http://localhost:${target.port}` });
    await expect(client.stats(request)).rejects.toThrow("take the https: URL");
  });
});
