import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { forwardTo } from "../../../../src/cli/forward/to-target.ts";
import type { BidirectionalStream, Connection } from "../../../../src/peer/index.ts";

/** Leads streams to a port of loopback, and tells what is said. */
function setUp(port: number) {
  const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const closed = Promise.withResolvers<undefined>();
  let give!: ReadableStreamDefaultController<BidirectionalStream>;
  const incomingBidirectionalStreams = new ReadableStream<BidirectionalStream>({
    start: (controller) => void (give = controller),
  });
  const connection = { incomingBidirectionalStreams, closed: closed.promise } as unknown as Connection;
  const forwarding = forwardTo(connection, { address: "127.0.0.1", port });
  onTestFinished(async () => {
    closed.resolve(undefined);
    await forwarding;
    written.mockRestore();
  });
  return {
    said: () => written.mock.calls.map(([text]) => String(text)),
    /** A stream that begins with these bytes. Resolves with what became of it. */
    take: async (...first: number[]): Promise<{ answer: string; stopped: boolean }> => {
      const stopped = Promise.withResolvers<boolean>();
      const answer = Promise.withResolvers<string>();
      let received = "";
      const readable = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(Uint8Array.from(first)),
        cancel: () => stopped.resolve(true),
      });
      const writable = new WritableStream<Uint8Array>({
        write: (chunk) => void (received += Buffer.from(chunk).toString()),
        close: () => answer.resolve(received),
        abort: () => answer.resolve("reset"),
      });
      give.enqueue({ readable, writable } as unknown as BidirectionalStream);
      const came = await answer.promise;
      return { answer: came, stopped: came === "reset" && (await stopped.promise) };
    },
  };
}

/** A server that answers the first bytes, and takes no more. */
async function startServer(port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (data) => socket.end(data, () => socket.destroy()));
  });
  await once(server.listen(port, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  return { server, port: (server.address() as AddressInfo).port };
}

async function stop(server: Server): Promise<void> {
  server.close();
  await once(server, "close");
}

describe("streams to a target", () => {
  it("carry what comes with their opening", async () => {
    const { port } = await startServer();
    expect(await setUp(port).take(0, ...Buffer.from("hello"))).toMatchObject({ answer: "hello" });
  });

  it("are reset and stopped where the target cannot be reached, or they begin otherwise", async () => {
    const { server, port } = await startServer();
    await stop(server);
    const { take } = setUp(port);
    expect(await take(0)).toEqual({ answer: "reset", stopped: true });
    expect(await take(0, 1, 2)).toEqual({ answer: "reset", stopped: true });
    expect(await take(1)).toEqual({ answer: "reset", stopped: true });
  });

  it("tell once why the target cannot be reached, and again when it was reached in between", async () => {
    const { server, port } = await startServer();
    await stop(server);
    const { take, said } = setUp(port);
    const line = `quicpipe: 127.0.0.1:${port} cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}\n`;
    for (let streams = 0; streams < 3; streams++) await take(0);
    expect(said()).toEqual([line]);
    const again = await startServer(port);
    await take(0, 1);
    await stop(again.server);
    await take(0);
    expect(said()).toEqual([line, line]);
  });
});
