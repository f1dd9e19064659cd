import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { H3 } from "h3";
import { expect, it, onTestFinished } from "vitest";
import { createCertificate, type KeyPair, serve, type Served } from "../../../src/gateway/index.ts";
import { commonPort } from "../harness/network/ports.ts";
import { createRelay } from "../harness/relay.ts";

async function tls(): Promise<KeyPair> {
  const { privateKey, certificate } = await createCertificate({ name: "test", hosts: ["localhost"] });
  return { key: privateKey, cert: certificate };
}

async function startServer(first: KeyPair, tcp = true): Promise<Served> {
  const relay = createRelay({ port: await commonPort(), auth: "none" });
  const app = new H3().use(relay).get("/", () => "an app");
  const served = await serve(app, { relay, tls: first, tcp, logger: false });
  onTestFinished(() => served.close());
  return served;
}

/** Connects a client that trusts this certificate alone. */
async function open({ address }: Served, { cert }: KeyPair, protocol: string): Promise<TLSSocket> {
  const { address: host, port } = address;
  const socket = connect({ host, port, ca: cert, servername: "localhost", ALPNProtocols: [protocol] });
  onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
  expect(socket.alpnProtocol).toBe(protocol);
  return socket;
}

it("new clients over TCP see the certificate that was loaded last, and present ones go on", async () => {
  const [first, second] = [await tls(), await tls()];
  const served = await startServer(first);
  const present = await open(served, first, "http/1.1");
  served.reload(second);
  for (const protocol of ["h2", "http/1.1"]) {
    await open(served, second, protocol);
    await expect(open(served, first, protocol)).rejects.toThrow("certificate");
  }
  present.setEncoding("latin1").write("GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
  expect((await present.toArray()).join("")).toContain("an app");
});

it("a certificate that does not fit is refused, and the one before stays", async () => {
  const [first, second] = [await tls(), await tls()];
  const served = await startServer(first);
  expect(() => served.reload({ key: first.key, cert: second.cert })).toThrow(
    expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID", details: { option: "key" } }),
  );
  await open(served, first, "h2");
});

it("without TCP there is no certificate to load anew, and reload says so", async () => {
  const served = await startServer(await tls(), false);
  const second = await tls();
  expect(() => served.reload(second)).toThrow(
    expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID", details: { option: "tcp" } }),
  );
});
