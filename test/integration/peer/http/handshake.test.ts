import { describe, expect, it } from "vitest";
import { createCertificate } from "../../../../src/gateway/index.ts";
import { longPacketType, longPacketTypeOf, parseLongHeader } from "../../../../src/wire/quic-packet.ts";
import { DatagramProxy } from "../../harness/network/datagram-proxy.ts";
import { startHttp3 } from "../../harness/gateway.ts";
import { openSocket } from "../../harness/udp-peer.ts";
import { get, openSessionTo } from "../../harness/http/http3-session.ts";
import { startScriptedServer } from "../scripted-server.ts";

const unreachable = "ERR_QUICPIPE_RELAY_UNREACHABLE";

/** A Version Negotiation packet in answer to a client's (RFC 9000 §17.2.1). */
function versionNegotiation(initial: Uint8Array, ...versions: readonly number[]): Buffer {
  const { destinationId, sourceId } = parseLongHeader(initial)!;
  const ids = [sourceId, destinationId].flatMap((id) => [Buffer.from([id.length]), id]);
  const list = Buffer.alloc(4 * versions.length);
  versions.forEach((version, i) => list.writeUInt32BE(version, 4 * i));
  return Buffer.concat([Buffer.from([0xc0, 0, 0, 0, 0]), ...ids, list]);
}

describe("the handshake of an HTTP/3 session", () => {
  it("proves this side's address where the relay asks for it by Retry (RFC 9000 §8.1.2)", async () => {
    const { port } = await startHttp3({ fetch: () => new Response("there") });
    const proxy = await DatagramProxy.open(port);
    const types: (number | undefined)[] = [];
    proxy.dropIn = (datagram) => {
      types.push(longPacketTypeOf(datagram, parseLongHeader(datagram)?.version ?? 0));
      return false;
    };
    const session = await openSessionTo(proxy.port);
    expect(types[0]).toBe(longPacketType.retry);
    expect((await session.request(get("/"))).status).toBe(200);
  });

  it("fails at once where the relay speaks other versions of QUIC alone, and names them", async () => {
    const server = await openSocket();
    server.on("message", (initial, { port }) =>
      server.send(versionNegotiation(initial, 0x6b3343cf, 0x1a2a3a4a), port, "127.0.0.1"),
    );
    const { port } = server.address();
    await expect(openSessionTo(port)).rejects.toMatchObject({
      code: unreachable,
      message: expect.stringContaining(
        `127.0.0.1:${port} speaks no QUIC version 1, but 0x6b3343cf, 0x1a2a3a4a;`,
      ),
    });
  });

  it("goes on after a list of versions that has this one, which nobody honest sends", async () => {
    const { port } = await startHttp3({ fetch: () => new Response("there") });
    const proxy = await DatagramProxy.open(port);
    proxy.dropOut = (initial) => {
      if (parseLongHeader(initial)) proxy.inject(versionNegotiation(initial, 1, 0x6b3343cf));
      return false;
    };
    const session = await openSessionTo(proxy.port);
    expect((await session.request(get("/"))).status).toBe(200);
  });

  it("fails where no trusted CA issued the relay's certificate", async () => {
    const { port } = await startScriptedServer(() => undefined);
    const { certificate } = await createCertificate({ name: "other", hosts: ["localhost"] });
    await expect(openSessionTo(port, { relayCa: certificate })).rejects.toMatchObject({
      code: unreachable,
      message: expect.stringContaining("its certificate is not issued by a trusted CA"),
      details: { sent: false, untrusted: true },
    });
  });

  it("fails where the certificate is another host's, before the relay has seen anything of this side", async () => {
    const { port, ended, requests } = await startScriptedServer(() => undefined);
    await expect(openSessionTo(port, { host: "relay.example" })).rejects.toMatchObject({
      code: unreachable,
      message: expect.stringMatching(/its certificate is valid for .*localhost.*, not for relay\.example: /),
      details: { sent: false, untrusted: true },
    });
    // In the handshake, an application's close is an APPLICATION_ERROR (RFC 9000 §10.2.3).
    expect(await ended).toMatchObject({ by: "other", isApplication: false, errorCode: 0xc });
    expect(requests()).toBe(0);
  });

  it("shows no certificate of this side, even if the relay demands one", async () => {
    const { port, ended, requests } = await startScriptedServer(() => undefined, { kind: "any" });
    const session = await openSessionTo(port);
    await expect(session.request(get("/"))).rejects.toMatchObject({
      code: unreachable,
      message: expect.stringContaining("QUIC error 0x174"),
    });
    // certificate_required (RFC 8446 §6.2)
    expect(await ended).toMatchObject({ by: "this", errorCode: 0x174 });
    expect(requests()).toBe(0);
  });

  it("fails where the server speaks another protocol", async () => {
    const { port } = await startScriptedServer(() => undefined, { kind: "none" }, ["hq"]);
    await expect(openSessionTo(port)).rejects.toMatchObject({
      code: unreachable,
      message: expect.stringContaining(`127.0.0.1:${port} speaks no HTTP/3`),
    });
  });
});
