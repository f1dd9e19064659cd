import { describe, expect, it, onTestFinished, vi } from "vitest";
import { QuicpipeError } from "../../../../src/errors.ts";
import type { Engine } from "../../../../src/peer/engine/contract.ts";
import { loadEngine } from "../../../../src/peer/engine/engine.ts";
import { PeerSocket } from "../../../../src/peer/socket.ts";
import { connectPeers } from "../../harness/peers.ts";

const engine = loadEngine();
const options = { host: "127.0.0.1", port: 0, relay: { address: "127.0.0.1", port: 1 } };

/** The engine, and how to have its next port tell of a fault. */
function faultyEngine(): { faulty: Engine; fail: (why: string) => void } {
  let onWake: ((fault: string) => void) | undefined;
  const bindPort: Engine["bindPort"] = (host, port, bufferBytes, wake) => {
    onWake = wake;
    return engine.bindPort(host, port, bufferBytes, wake);
  };
  return { faulty: { ...engine, bindPort }, fail: (why) => onWake!(why) };
}

describe("a peer's socket whose port fails", () => {
  it("says so once, and gives the port back", async () => {
    const { faulty, fail } = faultyEngine();
    const socket = await PeerSocket.bind(options, faulty);
    const onFault = vi.fn();
    socket.onFault = onFault;
    const { port } = socket.local;
    fail("the thread has ended");
    fail("again");
    await Promise.resolve();
    expect(onFault.mock.calls).toMatchObject([[{ code: "ERR_QUICPIPE_CONNECTION_LOST" }]]);
    expect(String(onFault.mock.calls[0]![0])).toContain("the thread has ended");
    socket.send(Buffer.from("into the void"));
    expect(socket.stats).toEqual({
      foreign: 0,
      strangersRefused: 0,
      unwanted: 0,
      sendFailed: 0,
      crowdedOut: 0,
    });
    const next = await PeerSocket.bind({ ...options, port }, engine);
    await Promise.all([next.close(), socket.close()]);
  });

  it("ends the connections of its peer, which hears of it", async () => {
    const sockets: PeerSocket[] = [];
    const bind = PeerSocket.bind.bind(PeerSocket);
    const spy = vi.spyOn(PeerSocket, "bind").mockImplementation(async (...given) => {
      const socket = await bind(...given);
      sockets.push(socket);
      return socket;
    });
    onTestFinished(() => spy.mockRestore());
    const onError = vi.fn();
    const { near } = await connectPeers({ alice: { onError } });
    const fault = new QuicpipeError("ERR_QUICPIPE_CONNECTION_LOST", "the socket has failed");
    sockets[0]!.onFault!(fault);
    await expect(near.closed).rejects.toBe(fault);
    expect(onError).toHaveBeenCalledWith(fault);
  });
});

describe("a peer's socket that the engine cannot bind", () => {
  it("is node:dgram's", async () => {
    const bindPort = vi.fn().mockThrow(new Error("not here"));
    const socket = await PeerSocket.bind(options, { ...engine, bindPort });
    onTestFinished(() => socket.close());
    const sender = await PeerSocket.bind({ ...options, relay: socket.local }, engine);
    onTestFinished(() => sender.close());
    socket.moveTo(sender.local);
    const got = vi.fn();
    socket.addRoute(new Uint8Array(12).fill(1), got);
    sender.send(Buffer.concat([Uint8Array.of(0x40), Buffer.alloc(20, 1)]));
    await expect.poll(() => got.mock.calls).toHaveLength(1);
  });
});
