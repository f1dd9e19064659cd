import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { openStunPort, type StunPort } from "../../../src/forwarder/index.ts";
import { encodeBindingRequest, parseBindingReply } from "../../../src/wire/stun-binding.ts";
import { openPeer } from "../harness/udp-peer.ts";

const options = {
  socketBufferBytes: 65_536,
  onError: (error: unknown): void => expect.unreachable(String(error)),
  now: Date.now,
};

async function open(host: string, port = 0): Promise<StunPort> {
  const opened = await openStunPort({ ...options, host, port });
  onTestFinished(() => opened.close());
  return opened;
}

describe("a STUN port", () => {
  it.each([
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["::", "127.0.0.1"],
    ["::", "::1"],
  ])("at %s tells a client its address, from the address that was asked: %s", async (host, asked) => {
    const port = await open(host);
    const client = await openPeer(asked);
    const transactionId = randomBytes(12);
    client.send(encodeBindingRequest({ transactionId }), { address: asked, port: port.number });
    await once(client.socket, "message");
    const { datagram, from } = client.inbox[0]!;
    expect(from).toEqual({ address: asked, port: port.number });
    expect(parseBindingReply(datagram, { transactionId })).toEqual({
      kind: "success",
      address: client.address,
    });
    expect(port.counts().answered).toBe(1);
  });

  it("is free again once it is closed", async () => {
    const port = await openStunPort({ ...options, host: "127.0.0.1", port: 0 });
    await port.close();
    expect((await openPeer("127.0.0.1", port.number)).address.port).toBe(port.number);
  });

  it("is refused where another socket has it", async () => {
    const { address } = await openPeer("127.0.0.1");
    await expect(open("127.0.0.1", address.port)).rejects.toMatchObject({
      code: "ERR_QUICPIPE_LISTEN_FAILED",
      details: { option: "stunPort" },
    });
  });
});
