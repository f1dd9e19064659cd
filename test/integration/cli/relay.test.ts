import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { createCertificate } from "../../../src/files/certificate.ts";
import { ed448, shortRsa } from "../harness/certificate.ts";
import type { Child } from "../harness/child.ts";
import { checkWithPromtool, readExposition } from "../harness/exposition.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { commonPort, takePort } from "../harness/network/ports.ts";
import { User } from "../harness/user.ts";

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  /** The fingerprint of the certificate. */
  readonly certificate: string;
}

/** Asks a relay over HTTP/1.1, whatever its certificate is. */
async function ask(url: string, method = "GET", body?: object): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const options = {
    method,
    rejectUnauthorized: false,
    agent: false,
    headers: { "content-type": "application/json" },
  };
  const asked = request(url, options, (response) => {
    const certificate = (response.socket as TLSSocket).getPeerX509Certificate()!.fingerprint256;
    text(response).then((read) => resolve({ status: response.statusCode, body: read, certificate }), reject);
  });
  asked.on("error", reject);
  asked.end(body && JSON.stringify(body));
  return await promise;
}

interface Files {
  readonly cert: string;
  readonly key: string;
  renew(): Promise<void>;
}

async function certificateFiles(): Promise<Files> {
  const folder = temporaryFolder();
  const files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  const renew = async (): Promise<void> => {
    const made = await createCertificate({ name: "test", hosts: ["localhost"] });
    writeFileSync(files.cert, made.certificate);
    writeFileSync(files.key, made.privateKey);
  };
  await renew();
  return { ...files, renew };
}

interface Started {
  readonly child: Child;
  readonly url: string;
}

/** Starts a relay on loopback, and waits until browsers are served. */
async function start(user: User, ...args: string[]): Promise<Started> {
  const port = await commonPort();
  const child = user.quicpipe("relay", "--host", "127.0.0.1", "--port", String(port), ...args);
  await child.prints(/console at|everybody in|relay on UDP/);
  const url = `https://127.0.0.1:${port}`;
  await expect
    .poll(
      async () =>
        await ask(url).then(
          ({ status }) => status,
          () => 0,
        ),
    )
    .toBe(200);
  return { child, url };
}

describe("quicpipe relay, told to read its files again by SIGHUP", () => {
  it("serves the renewed certificate, and says what only a restart changes", async () => {
    const { cert, key, renew } = await certificateFiles();
    const config = join(temporaryFolder(), "relay.json");
    writeFileSync(config, JSON.stringify({ tls: { cert, key }, auth: "none" }));
    const { child, url } = await start(new User(), "--config", config);
    const { certificate } = await ask(url);
    await renew();
    writeFileSync(
      config,
      JSON.stringify({ tls: { cert, key }, auth: "none", limits: { maxCids: 9 }, logFormat: "json" }),
    );
    child.process.kill("SIGHUP");
    await child.prints(/only a restart changes limits$/m);
    await child.prints(/"message":"serving another certificate"/);
    await child.prints(/"message":"the configuration was read again"/);
    expect((await ask(url)).certificate).not.toBe(certificate);
  });

  it("goes on as before where the config file or the certificate is wrong, and says so", async () => {
    const { cert, key } = await certificateFiles();
    const config = join(temporaryFolder(), "relay.json");
    writeFileSync(config, JSON.stringify({ tls: { cert, key }, auth: "none" }));
    const { child, url } = await start(new User(), "--config", config);
    const { certificate } = await ask(url);
    const other = await createCertificate({ name: "other", hosts: ["localhost"] });
    writeFileSync(cert, other.certificate);
    child.process.kill("SIGHUP");
    await child.prints(
      /the certificate before is served on: .* does not belong to the \(first\) certificate/,
    );
    const unfit = [
      { pair: ed448, said: /before is served on: .*HTTP\/3.* \(ERR_QUICPIPE_OPTION_INVALID\)/ },
      {
        pair: await shortRsa(),
        said: /before is served on: .*key too small.* \(ERR_QUICPIPE_OPTION_INVALID\)/,
      },
    ];
    for (const { pair, said } of unfit) {
      writeFileSync(cert, pair.cert);
      writeFileSync(key, pair.key);
      child.process.kill("SIGHUP");
      await child.prints(said);
    }
    writeFileSync(config, '{"prot": 1}');
    child.process.kill("SIGHUP");
    await child.prints(/the configuration before stays: .*relay\.json: option prot is unknown/);
    expect((await ask(url)).certificate).toBe(certificate);
    child.process.kill("SIGTERM");
    expect(await child.exited).toBe(0);
  });
});

function registration(): object {
  return { key: randomBytes(32).toString("base64"), num: 1 };
}

describe("quicpipe relay, told to end", () => {
  it("drains for as long as it is to, and then closes the gateway and the relay", async () => {
    const { child, url } = await start(new User(), "--auth", "none", "--drain", "600");
    const { body } = await ask(`${url}/v1/register`, "POST", registration());
    child.process.kill("SIGTERM");
    await child.prints(/draining: .* for up to 600 s/);
    const { status, body: reasons } = await ask(`${url}/readyz`);
    expect([status, JSON.parse(reasons)]).toEqual([503, { status: "unavailable", reasons: ["draining"] }]);
    expect((await ask(`${url}/v1/register`, "POST", registration())).status).toBe(503);
    await ask(`${url}/v1/registrations/${(JSON.parse(body) as { id: string }).id}`, "DELETE");
    expect(await child.exited).toBe(0);
    expect(child.stderr()).toMatch(/relayed 0 packets/);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("ends at once by a second signal: %s", async (second) => {
    const { child, url } = await start(new User(), "--auth", "none", "--drain", "600");
    await ask(`${url}/v1/register`, "POST", registration());
    child.process.kill("SIGTERM");
    await child.prints(/draining/);
    child.process.kill(second);
    expect(await child.exited).toBe(second);
  });

  it("waits for nothing unless it is to", async () => {
    const { child, url } = await start(new User(), "--auth", "none");
    await ask(`${url}/v1/register`, "POST", registration());
    child.process.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    expect(child.stderr()).not.toMatch(/draining/);
  });
});

describe("quicpipe relay for Prometheus", () => {
  it("has a listener of its own, with the figures of the relay, the servers and the certificate", async () => {
    const { cert, key } = await certificateFiles();
    const port = await commonPort();
    const listener = `http://127.0.0.1:${port}`;
    const { child } = await start(
      new User(),
      "--auth",
      "none",
      "--cert",
      cert,
      "--key",
      key,
      "--metrics-listen",
      `127.0.0.1:${port}`,
    );
    const page = await fetch(`${listener}/metrics`);
    expect(page.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const read = await page.text();
    checkWithPromtool(read);
    const families = readExposition(read);
    for (const name of [
      "quicpipe_relay_packets_total",
      "quicpipe_server_sources",
      "process_start_time_seconds",
    ])
      expect(families.has(name), name).toBe(true);
    const [end] = families.get("quicpipe_certificate_end_time_seconds")!.series.values();
    expect(end! * 1000).toBeGreaterThan(Date.now());
    expect((await fetch(`${listener}/`)).status).toBe(404);
    expect((await fetch(`${listener}/metrics`, { method: "POST" })).status).toBe(405);
    child.process.kill("SIGTERM");
    expect(await child.exited).toBe(0);
  });

  it("does not start where that address is taken, and names the option", async () => {
    const { port } = await takePort();
    const { status, stderr } = await new User().run(
      "relay",
      "--host",
      "127.0.0.1",
      "--port",
      "0",
      "--metrics-listen",
      `127.0.0.1:${port}`,
    );
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/cannot listen on TCP 127\.0\.0\.1:\d+ \(--metrics-listen, EADDRINUSE\)/),
    ]);
  });

  it("answers at its own port with --metrics, for a token alone", async () => {
    const user = new User();
    const { url } = await start(user, "--metrics");
    expect((await ask(`${url}/metrics`)).status).toBe(401);
    const closed = await start(new User());
    expect((await ask(`${closed.url}/metrics`)).status).toBe(404);
  });
});

describe("quicpipe relay --check", () => {
  const loopback = ["relay", "--check", "--host", "127.0.0.1"];

  it("finds nothing wrong with what would start, and leaves the ports free", async () => {
    const { cert, key } = await certificateFiles();
    const port = String(await commonPort());
    const args = [...loopback, "--port", port, "--auth", "none", "--cert", cert, "--key", key];
    for (let times = 0; times < 2; times++) {
      const { status, stdout } = await new User().run(...args);
      expect(stdout).toMatch(/^ok +certificate: for localhost$/m);
      expect(stdout).toMatch(new RegExp(`^ok +UDP port: 127\\.0\\.0\\.1:${port} can be bound$`, "m"));
      expect(stdout).toMatch(/^ok +TCP port/m);
      expect(stdout).toMatch(/^(ok|hint) +backend: (native|dgram)/m);
      expect(stdout).toMatch(/^hint +tokens: everybody/m);
      expect([status, stdout]).toEqual([0, expect.not.stringMatching(/^problem/m)]);
    }
  });

  it("finds a port that is taken, with status 1", async () => {
    const { port } = await new User().startRelay();
    const { status, stdout } = await new User().run(...loopback, "--port", String(port), "--auth", "none");
    expect([status, stdout]).toEqual([1, expect.stringMatching(/^problem +UDP port: .*EADDRINUSE/m)]);
  });

  it("finds a key of another certificate, an option that is wrong, and one that production asks for", async () => {
    const [first, second] = [await certificateFiles(), await certificateFiles()];
    const user = new User();
    const mixed = await user.run(
      ...loopback,
      "--port",
      "0",
      "--auth",
      "none",
      "--cert",
      first.cert,
      "--key",
      second.key,
    );
    expect([mixed.status, mixed.stdout]).toEqual([
      1,
      expect.stringMatching(/^problem +certificate: --key .* does not belong/m),
    ]);
    user.env["QUICPIPE_RELAY_LIMITS"] = '{"maxCids":0}';
    const wrong = await user.run(...loopback, "--port", "0", "--auth", "none");
    expect([wrong.status, wrong.stdout]).toEqual([
      1,
      expect.stringMatching(/^problem +configuration: QUICPIPE_RELAY_LIMITS: option limits\.maxCids is 0/m),
    ]);
    user.env["QUICPIPE_RELAY_LIMITS"] = "";
    user.env["NODE_ENV"] = "production";
    const open = await user.run(...loopback, "--port", "0");
    expect([open.status, open.stdout]).toEqual([1, expect.stringMatching(/ERR_QUICPIPE_AUTH_REQUIRED/)]);
  });
});

it("quicpipe relay has its probes at the root, over TCP", async () => {
  const { url } = await start(new User(), "--auth", "none");
  for (const path of ["/healthz", "/readyz"]) {
    const { status, body } = await ask(url + path);
    expect([status, body]).toEqual([200, '{"status":"ok"}']);
  }
});

it("quicpipe relay takes its options by environment, and writes lines of JSON", async () => {
  const user = new User();
  Object.assign(user.env, {
    QUICPIPE_RELAY_HOST: "127.0.0.1",
    QUICPIPE_RELAY_PORT: "0",
    QUICPIPE_RELAY_AUTH: "none",
    QUICPIPE_RELAY_LOG_FORMAT: "json",
  });
  const child = user.quicpipe("relay");
  await child.prints(/"event":"listening"/);
  await child.prints(/development certificate/);
  child.process.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  const lines = child
    .stderr()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.map(({ time, level, message }) => [typeof time, level, typeof message])).toEqual(
    lines.map(() => ["string", expect.stringMatching(/^(info|warn)$/), "string"]),
  );
});
