import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import { H3 } from "h3";
import { expect, it, onTestFinished } from "vitest";
import { visitHttp3 } from "../../../scripts/hostile/honest/visitor.ts";
import { createCertificate, type KeyPair, serve, type Served } from "../../../src/gateway/index.ts";
import { Peer } from "../../../src/peer/index.ts";
import { ed448, shortRsa } from "../harness/certificate.ts";
import { targetAt } from "../harness/gateway.ts";
import { commonPort } from "../harness/network/ports.ts";
import { nextConnection } from "../harness/peers.ts";
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
  await served.reload(second);
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
  await expect(served.reload({ key: first.key, cert: second.cert })).rejects.toMatchObject({
    code: "ERR_QUICPIPE_OPTION_INVALID",
    details: { option: "key" },
  });
  await open(served, first, "h2");
});

/** Whether an HTTP/3 client that trusts this certificate alone gets an answer. */
async function isServed({ address: { port } }: Served, { cert }: KeyPair): Promise<boolean> {
  const target = { ...(await targetAt({ port })), certificate: String(cert) };
  return (await visitHttp3(target, target.host)) !== undefined;
}

it.each([true, false])("new clients over HTTP/3 see it too, with TCP or without: %s", async (tcp) => {
  const [first, second] = [await tls(), await tls()];
  const served = await startServer(first, tcp);
  expect(await isServed(served, first)).toBe(true);
  await Promise.all([served.reload(second), served.reload(second)]);
  expect(await isServed(served, second)).toBe(true);
  expect(await isServed(served, first)).toBe(false);
});

it("a key that HTTP/3 or HTTP/2 cannot use is refused, and the pair before stays over UDP and TCP", async () => {
  const first = await tls();
  const served = await startServer(first);
  for (const unfit of [ed448, await shortRsa()])
    await expect(served.reload(unfit)).rejects.toMatchObject({ code: "ERR_QUICPIPE_OPTION_INVALID" });
  expect(await isServed(served, first)).toBe(true);
  await open(served, first, "h2");
});

it("registrations and connections of peers go on, and their accepter is found again", async () => {
  const [first, second] = [await tls(), await tls()];
  const served = await startServer(first);
  const common = {
    relay: `https://localhost:${served.address.port}`,
    relayCa: `${String(first.cert)}${String(second.cert)}`,
    trust: "insecure" as const,
    direct: "never" as const,
  };
  const [alice, bob] = [await Peer.bind(common), await Peer.bind(common)];
  onTestFinished(async () => void (await Promise.all([alice.close(), bob.close()])));
  const accepted = nextConnection(bob);
  const connection = await alice.dial("anonymous");
  const other = await accepted;
  await served.reload(second);
  const { value } = await Promise.all([
    other.datagrams.readable.getReader().read(),
    connection.datagrams.writable.getWriter().write(Buffer.from("still here")),
  ]).then(([read]) => read);
  expect(Buffer.from(value!).toString()).toBe("still here");
  const again = nextConnection(bob);
  await alice.dial("anonymous");
  expect((await again).remoteName).toBe("anonymous");
});

it("a server that was closed takes no other certificate", async () => {
  const served = await startServer(await tls());
  await served.close();
  await expect(served.reload(await tls())).rejects.toMatchObject({ code: "ERR_QUICPIPE_CLOSED" });
});
