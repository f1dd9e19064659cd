import { describe, expect, it, onTestFinished } from "vitest";
import { openStunPort } from "../../../../src/forwarder/index.ts";
import { loadEngine } from "../../../../src/peer/engine/engine.ts";
import { SecondPort } from "../../../../src/peer/relay/second-port.ts";
import { watchNat } from "../../../../src/peer/relay/nat-watch.ts";
import { PeerSocket } from "../../../../src/peer/socket.ts";
import type { Address } from "../../../../src/wire/address.ts";
import { encodeBindingSuccess } from "../../../../src/wire/stun-binding.ts";
import { parseStun } from "../../../../src/wire/stun.ts";
import { openPeer } from "../../harness/udp-peer.ts";

const host = "127.0.0.1";
/** Where the relay would be, which no test asks. */
const relay: Address = { address: host, port: 9 };

async function open(at = host): Promise<{ readonly socket: PeerSocket; readonly secondPort: SecondPort }> {
  const socket = await PeerSocket.bind({ host: at, port: 0, relay }, loadEngine());
  const secondPort = new SecondPort(socket);
  socket.onStun = (datagram, from) => secondPort.receive(datagram, from);
  onTestFinished(() => socket.close());
  return { socket, secondPort };
}

async function openRelayPort(at = host): Promise<Address> {
  const port = await openStunPort({
    host: at,
    port: 0,
    socketBufferBytes: 65_536,
    onError: (error) => expect.unreachable(String(error)),
    now: Date.now,
  });
  onTestFinished(() => port.close());
  return { address: host, port: port.number };
}

describe("a peer that asks a relay's second port", () => {
  it("is told its one socket's address", async () => {
    const { socket, secondPort } = await open();
    expect(await secondPort.ask(await openRelayPort())).toEqual(socket.local);
  });

  it("learns its public addresses of both IP versions, if it has a socket for both", async () => {
    const { socket } = await open("::");
    const { port: stunPort } = await openRelayPort("::");
    const watch = watchNat(socket, [host, "::1"], () => undefined);
    socket.onStun = (datagram, from) => watch.receive(datagram, from);
    onTestFinished(() => watch.close());
    const { port } = socket.local;
    await watch.note({ address: { address: host, port }, stunPort });
    expect(watch.report).toEqual({ kind: "endpoint-independent" });
    expect(watch.otherFamily).toEqual({ address: "::1", port });
  });

  it("is told another address by a new socket", async () => {
    const { socket, secondPort } = await open();
    const seen = await secondPort.askAnew(await openRelayPort());
    expect(seen).toEqual({ address: host, port: expect.any(Number) });
    expect(seen!.port).not.toBe(socket.local.port);
  });

  it("takes no answer from elsewhere, not even from another address of the relay", async () => {
    const { socket, secondPort } = await open();
    const [asked, liar] = [await openPeer(), await openPeer()];
    const path = socket.pathTo(liar.address);
    onTestFinished(() => path.close());
    const seen = secondPort.ask(asked.address);
    const { transactionId } = parseStun(await asked.next())!;
    const answer = (port: number): Uint8Array => encodeBindingSuccess(transactionId, { address: host, port });
    liar.send(answer(1), socket.local);
    asked.send(answer(2), socket.local);
    expect(await seen).toEqual({ address: host, port: 2 });
  });

  it("asks again where nobody answers, and nobody any more once it is closed", async () => {
    const { secondPort } = await open();
    const silent = await openPeer();
    const asked = secondPort.ask(silent.address);
    await silent.next();
    await silent.next();
    secondPort.close();
    expect(await asked).toBeUndefined();
    expect([await secondPort.ask(silent.address), await secondPort.askAnew(silent.address)]).toEqual([
      undefined,
      undefined,
    ]);
    expect(silent.inbox).toEqual([]);
  });
});
