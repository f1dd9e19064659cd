import { randomBytes } from "node:crypto";
import { H3 } from "h3";
import { describe, expect, it } from "vitest";
import { answerRegistrations, type RegisteringSession } from "../../../examples/webtransport/registering.ts";
import type { Relay } from "../../../src/plugin/index.ts";
import { formatAddress } from "../../../src/wire/address.ts";
import { initialPacket } from "../harness/packets.ts";
import { readAll, writeAll } from "../harness/peers.ts";
import { createRelay } from "../harness/relay.ts";
import { backends } from "../harness/requirement.ts";
import { secret, tokenFor } from "../harness/token.ts";
import { openPeer, type UdpPeer } from "../harness/udp-peer.ts";

/** A relay with an app, and a client whose first packet has come to the server behind the relay. */
interface Setup {
  readonly app: H3;
  readonly relay: Relay;
  readonly client: UdpPeer;
  /** Where the server sees the client. */
  readonly virtual: string;
}

async function setUp(backend: "dgram" | "native", auth: "none" | { secret: string }): Promise<Setup> {
  const [server, client] = [await openPeer(), await openPeer()];
  const relay = createRelay({ upstream: { port: server.address.port }, forwarder: { backend }, auth });
  client.send(initialPacket(), await relay.listen());
  await expect.poll(() => server.inbox.length).toBe(1);
  return { app: new H3().use(relay), relay, client, virtual: formatAddress(server.inbox[0]!.from) };
}

/** What comes back on a stream of a session that carries this text. */
async function ask(app: H3, session: Partial<RegisteringSession>, text: string): Promise<string> {
  const [there, back] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
  const streams = ReadableStream.from([{ readable: there.readable, writable: back.writable }]);
  void answerRegistrations(app, {
    header: { ":authority": "relay.example:4433" },
    ...session,
    incomingBidirectionalStreams: streams,
  });
  const [answer] = await Promise.all([readAll(back.readable), writeAll(there.writable, Buffer.from(text))]);
  return answer.toString();
}

const wanted = { key: randomBytes(16).toString("base64"), num: 4 };

describe.each(backends())("a registration over a stream of a WebTransport session, on %s", (backend) => {
  it("is at the address of the session's client", async () => {
    const { app, relay, client, virtual } = await setUp(backend, { secret });
    const message = JSON.stringify({ ...wanted, token: await tokenFor("alice") });
    const answer: unknown = JSON.parse(await ask(app, { peerAddress: virtual }, message));
    expect(answer).toMatchObject({ address: formatAddress(client.address) });
    expect(relay.stats().registrations).toBe(1);
  });

  it("is at no address that the client says, in the message or in a field of the session", async () => {
    const { app, virtual } = await setUp(backend, { secret });
    const [ip, port] = virtual.split(":");
    const said = { address: ip, clientAddress: ip, context: { clientAddress: ip, clientPort: Number(port) } };
    const message = JSON.stringify({ ...wanted, ...said, token: await tokenFor("alice") });
    const header = { ":authority": "relay.example:4433", "x-forwarded-for": ip!, forwarded: `for=${ip}` };
    for (const peerAddress of ["127.0.0.1:9", "[::1]:9", "", undefined])
      expect(JSON.parse(await ask(app, { peerAddress, header }, message))).toMatchObject({ address: null });
  });

  it("is refused without a token, and to a page of another origin where the relay wants none", async () => {
    const { app, virtual } = await setUp(backend, { secret });
    expect(await ask(app, { peerAddress: virtual }, JSON.stringify(wanted))).toContain(
      "ERR_QUICPIPE_TOKEN_MISSING",
    );
    const open = await setUp(backend, "none");
    const of = (origin: string): Partial<RegisteringSession> => ({
      peerAddress: open.virtual,
      header: { ":authority": "relay.example:4433", origin },
    });
    const text = JSON.stringify(wanted);
    expect(await ask(open.app, of("https://elsewhere.example"), text)).toContain(
      "ERR_QUICPIPE_ORIGIN_FORBIDDEN",
    );
    expect(JSON.parse(await ask(open.app, of("https://relay.example:4433"), text))).toMatchObject({
      address: formatAddress(open.client.address),
    });
  });

  it("ends its stream alone where what it carries is too long or no JSON", async () => {
    const { app, relay, virtual } = await setUp(backend, "none");
    for (const text of ["no JSON", JSON.stringify({ ...wanted, note: "x".repeat(4096) })])
      await expect(ask(app, { peerAddress: virtual }, text)).rejects.toThrow();
    expect(await ask(app, { peerAddress: virtual }, JSON.stringify(wanted))).toContain('"secret"');
    expect(relay.stats().registrations).toBe(1);
  });
});
