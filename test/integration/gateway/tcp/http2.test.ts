import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { ClientHttp2Session, SecureClientSessionOptions } from "node:http2";
import { request } from "node:https";
import { connect as connectTcp, type TcpSocketConnectOpts } from "node:net";
import { networkInterfaces } from "node:os";
import { setImmediate } from "node:timers/promises";
import { H3 } from "h3";
import { describe, expect, it, onTestFinished } from "vitest";
import { startConsoleApp } from "../../console/console-app.ts";
import { testCertificate } from "../../harness/certificate.ts";
import { startHttp2 } from "../../harness/gateway.ts";
import { takePort } from "../../harness/network/ports.ts";
import { adminToken } from "../../harness/token.ts";
import { type Child, projectPath, startChild } from "../../harness/child.ts";
import { connectHttp2 } from "../../harness/http/http2-client.ts";
import { connectHttp3 } from "../../harness/http/http3-client.ts";
import { startRelay } from "../../harness/relay.ts";
import { itWith } from "../../harness/requirement.ts";
import { User } from "../../harness/user.ts";

async function open(
  port: number,
  options: SecureClientSessionOptions & Pick<TcpSocketConnectOpts, "localAddress"> = {},
  host = "127.0.0.1",
): Promise<ClientHttp2Session> {
  const { certificate: ca } = await testCertificate();
  const session = connectHttp2(`https://${host}:${port}`, { ca, servername: "localhost", ...options });
  await once(session, "connect");
  return session;
}

interface Answer {
  readonly status: number;
  readonly altSvc: string | undefined;
  readonly body: string;
}

async function ask(session: ClientHttp2Session, path: string, headers = {}, body = ""): Promise<Answer> {
  const stream = session.request({ ":path": path, ...headers }, { endStream: body === "" });
  if (body !== "") stream.end(body);
  const [answer] = (await once(stream, "response")) as [Record<string, string>];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return {
    status: Number(answer[":status"]),
    altSvc: answer["alt-svc"],
    body: Buffer.concat(chunks).toString(),
  };
}

function ipApp(): H3 {
  return new H3({ silent: true })
    .get("/", () => "the root")
    .get("/ip", (event) => ({ ip: event.req.ip }))
    .post("/echo", (event) => event.req.text())
    .get("/fault", () => {
      throw new TypeError("a fault of the app");
    });
}

describe("the HTTP/2 server of an app", () => {
  it("serves browsers and tells them of HTTP/3 at the same port number", async () => {
    const { port } = await startHttp2(ipApp());
    const session = await open(port);
    const answer = await ask(session, "/echo", { ":method": "POST" }, "hello");
    expect(answer).toEqual({ status: 200, altSvc: `h3=":${port}"; ma=86400`, body: "hello" });
    expect((await ask(session, "/")).body).toBe("the root");
    for (const [path, status] of [
      ["/nothing", 404],
      ["/fault", 500],
    ] as const)
      expect(await ask(session, path)).toMatchObject({ status, altSvc: answer.altSvc });
  });

  it("tells of another port where HTTP/3 is elsewhere", async () => {
    const { port } = await startHttp2(ipApp(), { http3Port: 443 });
    expect((await ask(await open(port), "/ip")).altSvc).toBe('h3=":443"; ma=86400');
  });

  it("tells of another host where HTTP/3 is there, unless that is the one that was asked", async () => {
    const { port } = await startHttp2(ipApp(), { http3Port: 443, http3Host: "udp.example" });
    const session = await open(port);
    const altSvc = async (authority: string): Promise<string | undefined> =>
      (await ask(session, "/ip", { ":authority": authority })).altSvc;
    expect(await altSvc(`localhost:${port}`)).toBe('h3="udp.example:443"; ma=86400');
    expect(await altSvc("UDP.example")).toBe('h3=":443"; ma=86400');
    const six = await startHttp2(ipApp(), { http3Port: 443, http3Host: "2001:db8::1" });
    expect((await ask(await open(six.port), "/ip")).altSvc).toBe('h3="[2001:db8::1]:443"; ma=86400');
  });

  itWith("python")("serves IPv4 alone where the kernel has no IPv6", async () => {
    const { privateKey: key, certificate: cert } = await testCertificate();
    const gateway = projectPath("src/gateway/index.ts");
    const program = `
      import { serveHttp2 } from ${JSON.stringify(gateway)};
      const app = { fetch: () => new Response("here") };
      const { port } = await serveHttp2(app, ${JSON.stringify({ key, cert })});
      console.log("port " + port);`;
    const wrapper = projectPath("test/integration/harness/network/without-ipv6.py");
    const args = [wrapper, process.execPath, "--input-type=module", "-e", program];
    const [, port] = await startChild("python3", args).prints(/port (\d+)/);
    expect((await ask(await open(Number(port)), "/")).body).toBe("here");
  });

  it("serves clients that know HTTP/1.1 alone", async () => {
    const { port } = await startHttp2(ipApp());
    const { certificate: ca } = await testCertificate();
    const [response] = await once(request(`https://localhost:${port}/ip`, { ca }).end(), "response");
    response.resume();
    expect([response.statusCode, response.httpVersion]).toEqual([200, "1.1"]);
    expect(response.headers["alt-svc"]).toBe(`h3=":${port}"; ma=86400`);
  });

  it("hides an address on loopback, which could pass for one that the relay proved", async () => {
    for (const host of ["127.0.0.1", "::"]) {
      const { port } = await startHttp2(ipApp(), { host });
      expect((await ask(await open(port), "/ip")).body).toBe("{}");
    }
  });

  const external = Object.values(networkInterfaces())
    .flat()
    .find((address) => !address!.internal && address!.family === "IPv4");
  it.runIf(external)("lets the app know an address that is not on loopback", async () => {
    const { port } = await startHttp2(ipApp(), { host: "::" });
    const session = await open(port, {}, external!.address);
    expect(JSON.parse((await ask(session, "/ip")).body)).toEqual({
      ip: expect.stringContaining(external!.address),
    });
  });

  it("proves no address to a peer that comes by TCP, whatever it claims", async () => {
    const started = await startRelay({}, new H3());
    const { port } = await startHttp2(started.app);
    // A virtual address that a client of the gateway has right now.
    await (await connectHttp3(started.port, started.certificate, "auto")).request("/");
    const claims = ["127.1.0.1", "127.1.0.2", "127.1.0.3", "127.0.0.1"];
    for (const claim of claims) {
      // It may even bind such an address, as everybody on this machine can.
      const session = await open(port, { localAddress: claim });
      expect(session.socket.localAddress).toBe(claim);
      const headers = { ":method": "POST", "x-forwarded-for": claim };
      const key = randomBytes(16).toString("base64");
      const { body } = await ask(session, "/v1/register", headers, JSON.stringify({ key, num: 4 }));
      expect(JSON.parse(body)).toMatchObject({ address: null });
    }
  });

  it("refuses a connection too many, and takes it when another has ended", async () => {
    const { port } = await startHttp2(ipApp(), { maxConnections: 3, logger: false });
    const [first] = [await open(port), await open(port)];
    const stranger = { localAddress: "127.0.0.3" };
    // The last place is for somebody else, and then there is none.
    await expect(open(port)).rejects.toThrow();
    await open(port, { localAddress: "127.0.0.2" });
    await expect(open(port, stranger)).rejects.toThrow();
    first!.destroy();
    await expect.poll(async () => (await open(port, stranger).catch(() => undefined))?.encrypted).toBe(true);
  });

  it("ends a connection that is silent for too long", async () => {
    const { port } = await startHttp2(ipApp(), { idleTimeoutMs: 200 });
    const session = await open(port);
    await ask(session, "/ip");
    await once(session, "close");
    expect(session.destroyed).toBe(true);
    // One that does not even speak TLS.
    const mute = connectTcp(port, "127.0.0.1").resume();
    onTestFinished(() => void mute.destroy());
    await new Promise((resolve) => mute.on("error", () => undefined).once("close", resolve));
  });

  it("closes under a client that has not got through its handshake", async () => {
    const gateway = await startHttp2(ipApp());
    const mute = connectTcp(gateway.port, "127.0.0.1").resume();
    onTestFinished(() => void mute.destroy());
    await once(mute, "connect");
    await gateway.close();
    await once(mute, "close");
  });

  it("says which port is taken, and which certificate does not load", async () => {
    const { port } = await startHttp2(ipApp());
    await expect(startHttp2(ipApp(), { port })).rejects.toMatchObject({
      code: "ERR_QUICPIPE_LISTEN_FAILED",
      details: { host: "127.0.0.1", port },
    });
    await expect(startHttp2(ipApp(), { cert: "none" })).rejects.toMatchObject({
      code: "ERR_QUICPIPE_OPTION_INVALID",
      details: { option: "cert" },
    });
  });

  it("closes under the readers of event streams, and more than once", async () => {
    const { app, relay } = await startConsoleApp();
    const gateway = await startHttp2(app);
    const session = await open(gateway.port);
    const stream = session.request({ ":path": "/v1/events", authorization: `Bearer ${await adminToken()}` });
    // That the stream breaks off is what is tested.
    stream.on("error", () => undefined);
    await once(stream, "response");
    expect(relay.stats().waiters).toBe(1);
    // What the server has not read when it closes resets the connection.
    session.ping(() => undefined);
    await setImmediate();
    await gateway.close();
    await gateway.close();
    await expect.poll(() => relay.stats().waiters).toBe(0);
  });
});

function startRelayCommand(port: number, ...more: string[]): Child {
  return new User().quicpipe("relay", "--host", "127.0.0.1", "--port", String(port), ...more);
}

describe("quicpipe relay", () => {
  it("serves the console over HTTP/2 at the number of its UDP port, and says where", async () => {
    const command = startRelayCommand(0);
    const [, port] = await command.prints(/console at https:\/\/localhost:(\d+)\/relay\n/);
    expect(command.stderr().match(/quicpipe token --sub you --scope relay:admin/g)).toHaveLength(1);
    const session = await open(Number(port), { rejectUnauthorized: false });
    expect(await ask(session, "/relay")).toMatchObject({ status: 401, altSvc: `h3=":${port}"; ma=86400` });
    command.process.kill("SIGINT");
    expect(await command.exited).toBe(0);
  });

  it("tells browsers of the public address", async () => {
    const command = startRelayCommand(0, "--public-address", "relay.example:443");
    const [, port] = await command.prints(/console at https:\/\/localhost:(\d+)\//);
    const session = await open(Number(port), { rejectUnauthorized: false });
    expect((await ask(session, "/")).altSvc).toBe('h3="relay.example:443"; ma=86400');
    const { altSvc } = await ask(session, "/", { ":authority": "relay.example:8443" });
    expect(altSvc).toBe('h3=":443"; ma=86400');
  });

  it("relays without it where the TCP port is taken, and says so", async () => {
    const { port } = await takePort();
    const command = startRelayCommand(port);
    await command.prints(/cannot listen on TCP 127\.0\.0\.1:\d+: .*EADDRINUSE/);
    await command.prints(/serving a development certificate/);
    command.process.kill("SIGINT");
    expect(await command.exited).toBe(0);
  });
});
