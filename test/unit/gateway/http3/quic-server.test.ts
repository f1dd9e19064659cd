import type { QuicServer as LibraryServer } from "@currentspace/http3";
import { EventEmitter } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { QuicConnection } from "../../../../src/gateway/http3/quic-connection.ts";
import { QuicServer } from "../../../../src/gateway/http3/quic-server.ts";

interface LibraryEvent {
  readonly eventType: number;
  readonly streamId?: number;
  readonly data?: Buffer;
  readonly fin?: boolean;
  readonly meta?: object;
}

/** The library's server, as far as ours knows it. */
class Library extends EventEmitter {
  readonly commands: unknown[][] = [];
  hasRoom = true;
  listen = async (_port: number, _host: string): Promise<void> => undefined;
  readonly _eventLoop = {
    streamSend: (...command: [number, number, Buffer, boolean]) => {
      if (this.hasRoom) this.commands.push(["send", command[1], command[2].toString(), command[3]]);
      return this.hasRoom ? Math.max(1, command[2].length) : 0;
    },
    streamClose: (...command: unknown[]) => void this.commands.push(["close", ...command]),
    closeSession: (...command: unknown[]) => void this.commands.push(["end", ...command]),
    pingSession: () => {
      if (this.hasRoom) this.commands.push(["ping"]);
      return this.hasRoom;
    },
    getSessionMetrics: () => {
      throw new RangeError("metrics unavailable");
    },
  };

  /** Tells of what happened on connection 7. */
  tell(...events: readonly LibraryEvent[]): void {
    const dispatch = Reflect.get(this, "_dispatchEvents") as (events: object[]) => void;
    dispatch(events.map((event) => Object.assign({ connHandle: 7, streamId: -1 }, event)));
  }
}

function bench() {
  const library = new Library();
  const seen: unknown[][] = [];
  let connection!: QuicConnection;
  const server = new QuicServer(library as unknown as LibraryServer, {
    connected: (each) => {
      connection = each;
      return {
        began: (id) => void seen.push(["began", id]),
        received: (id, bytes, hasEnded) => void seen.push([id, Buffer.from(bytes).toString(), hasEnded]),
        broken: (id) => void seen.push(["broken", id]),
        closed: () => void seen.push(["closed"]),
      };
    },
    failed: (error) => void seen.push(["failed", error]),
  });
  library.tell({ eventType: 1, meta: { remoteAddr: "192.0.2.1", remotePort: 9 } }, { eventType: 11 });
  return { library, seen, connection, server };
}

/** A piece with memory of its own, as the library makes them. */
function piece(text: string): Buffer {
  const bytes = Buffer.from(new ArrayBuffer(text.length));
  bytes.write(text);
  return bytes;
}

describe("a QUIC server", () => {
  it("tells a certificate or key that the library cannot use from a port that it cannot have", async () => {
    const { library, server } = bench();
    const fail = (why: string) => {
      library.listen = () => Promise.reject(new Error(why));
      return server.listen(443, "127.0.0.1");
    };
    await expect(fail("[h3:quic] QUIC error: TlsFail")).rejects.toMatchObject({
      code: "ERR_QUICPIPE_OPTION_INVALID",
      details: { option: "key" },
      message: expect.not.stringContaining("port"),
    });
    await expect(fail("Address already in use")).rejects.toMatchObject({
      code: "ERR_QUICPIPE_LISTEN_FAILED",
      details: { port: 443 },
    });
  });

  it("passes streams on as they come, and gives their memory back", () => {
    const { library, seen, connection } = bench();
    expect([connection.address, connection.port]).toEqual(["192.0.2.1", 9]);
    const pieces = [piece("one"), piece("two")] as const;
    library.tell(
      { eventType: 2, streamId: 0, data: pieces[0] },
      { eventType: 4, streamId: 0, data: pieces[1] },
      { eventType: 5, streamId: 0 },
      { eventType: 2, streamId: 4, data: piece("all"), fin: true },
    );
    expect(seen).toEqual([
      ["began", 0],
      [0, "one", false],
      [0, "two", false],
      [0, "", true],
      ["began", 4],
      [4, "all", true],
    ]);
    expect(pieces.map(({ length }) => length)).toEqual([0, 0]);
  });

  it("closes a stream that has broken off both ways: the library would try for ever to send what it has of it", () => {
    const { library, seen } = bench();
    library.tell({ eventType: 10, streamId: 4, meta: { errorReason: "StreamStopped(268)" } });
    expect(library.commands).toEqual([["close", 7, 4, 0x10c]]);
    expect(seen).toEqual([["broken", 4]]);
  });

  it("sends what the library had no room for when it has, in order, without what was stopped meanwhile", async () => {
    const { library, connection } = bench();
    library.hasRoom = false;
    for (const [id, text] of [
      [0, "a"],
      [4, "b"],
      [0, "c"],
    ] as const)
      connection.send(id, Buffer.from(text), text === "c");
    const acknowledged = Promise.withResolvers<unknown>();
    connection.ping(acknowledged.resolve);
    connection.stop(4, 0x100);
    expect(library.commands).toEqual([["close", 7, 4, 0x100]]);
    library.hasRoom = true;
    library.tell({ eventType: 18 });
    const sent = [["send", 0, "a", false], ["send", 0, "c", true], ["ping"]];
    await expect.poll(() => library.commands.slice(1)).toEqual(sent);
    library.tell({ eventType: 17 });
    expect(await acknowledged.promise).toBeNull();
  });

  it("sends nothing to a connection's handle once it is over, as the next one may have it", () => {
    const { library, seen, connection } = bench();
    library.tell({ eventType: 7 });
    connection.send(0, Buffer.from("late"), true);
    connection.stop(0, 0x100);
    expect(library.commands).toEqual([]);
    expect(connection.getMetrics()).toBeNull();
    expect(seen).toEqual([["closed"]]);
  });

  it("sends no command that still waited when the connection was over", async () => {
    const { library, connection } = bench();
    connection.send(0, Buffer.from("late"), true);
    connection.close(0x100);
    library.tell({ eventType: 7 });
    for (let turn = 0; turn < 4; turn++) await nextTurn();
    expect(library.commands).toEqual([]);
  });

  it("ends a connection before what it has not sent, which waits for room", async () => {
    const { library, connection } = bench();
    library.hasRoom = false;
    connection.send(0, Buffer.from("more"), true);
    connection.close(0x107);
    await expect.poll(() => library.commands).toEqual([["end", 7, 0x107, ""]]);
  });

  it("outlives errors of the library", () => {
    const { library, seen, connection } = bench();
    library.tell({ eventType: 10, meta: { errorReason: "poll" } });
    library.emit("error", new RangeError("runtime"));
    expect(seen).toEqual([
      ["failed", "poll"],
      ["failed", new RangeError("runtime")],
    ]);
    expect(connection.getMetrics()).toBeNull();
  });
});
