import { unknownNat } from "../../../../../src/peer/nat/report.ts";
import { describe, expect, it } from "vitest";
import type { EngineConnection } from "../../../../../src/peer/engine/contract.ts";
import {
  applicationName,
  ControlStream,
  offered,
} from "../../../../../src/peer/path/control/control-stream.ts";
import { type ControlMessage, encodeMessage } from "../../../../../src/peer/path/control/messages.ts";

/** The streams of an engine, as far as a control stream uses them. */
class Streams {
  protocol = "qp1+app";
  /** What comes next: bytes, the end, or an abort. */
  incoming: (Uint8Array | "fin" | "reset")[] = [];
  /** Bytes that the other side takes. */
  room = Infinity;
  waiting = 1;
  readonly done: string[] = [];
  readonly sent: Uint8Array[] = [];

  get engine(): EngineConnection {
    const streams: Partial<EngineConnection> = {
      applicationProtocol: () => this.protocol,
      openStream: () => {
        this.done.push("open");
        return 0;
      },
      acceptStream: () => (this.waiting-- > 0 ? 0 : undefined),
      streamReceive: (_id, buffer) => this.#receive(buffer),
      streamSend: (_id, data) => {
        const taken = Math.min(this.room, data.length);
        this.sent.push(Uint8Array.from(data.subarray(0, taken)));
        return taken > 0 ? taken : undefined;
      },
      streamAbort: (_id, direction) => void this.done.push(`abort ${direction}`),
    };
    return streams as EngineConnection;
  }

  #receive(buffer: Uint8Array): ReturnType<EngineConnection["streamReceive"]> {
    const next = this.incoming.shift();
    if (next === undefined) return undefined;
    if (next === "reset") return { abortedWith: 7 };
    if (next === "fin") return { bytes: 0, fin: true };
    buffer.set(next);
    return { bytes: next.length, fin: false };
  }
}

function opened(
  role: "client" | "server",
  streams: Streams = new Streams(),
): { control: ControlStream; streams: Streams; heard: (ControlMessage | "end" | "cut")[] } {
  const heard: (ControlMessage | "end" | "cut")[] = [];
  const control = new ControlStream(streams.engine, role, () => undefined);
  control.open({
    onMessage: (message) => void heard.push(message),
    onEnd: (isCut) => void heard.push(isCut ? "cut" : "end"),
  });
  return { control, streams, heard };
}

const gone: ControlMessage = { type: "gone" };

describe("application protocols", () => {
  it("are offered in both forms, the one with paths first", () => {
    expect(offered(["a", "b"])).toEqual(["qp1+a", "a", "qp1+b", "b"]);
  });

  it("that are too long for the prefix are offered as they are", () => {
    expect(offered(["x".repeat(251), "x".repeat(252)])).toEqual([
      `qp1+${"x".repeat(251)}`,
      "x".repeat(251),
      "x".repeat(252),
    ]);
  });

  it("have the application's name in either form", () => {
    expect([applicationName("qp1+a"), applicationName("a")]).toEqual(["a", "a"]);
  });
});

describe("the control stream", () => {
  it("is the client's first, and there only if both sides know it", () => {
    const { control, streams } = opened("client");
    expect(streams.done).toEqual(["open"]);
    expect([control.claims(0), control.claims(4)]).toEqual([true, false]);
    streams.protocol = "app";
    expect(new ControlStream(streams.engine, "client", () => undefined).claims(0)).toBe(false);
  });

  it("is the first that a server accepts, and is accepted once", () => {
    const { control, streams } = opened("server");
    streams.waiting = 2;
    control.accept();
    control.accept();
    expect(streams.waiting).toBe(1);
  });

  it("of a foreign peer is the application's", () => {
    const streams = new Streams();
    streams.protocol = "app";
    new ControlStream(streams.engine, "server", () => undefined).accept();
    expect(streams.waiting).toBe(1);
  });

  it("brings messages, in whatever pieces they come", () => {
    const { control, streams, heard } = opened("server");
    const punch: ControlMessage = { type: "punch", round: 3, mode: "normal" };
    const bytes = Buffer.concat([encodeMessage(gone), encodeMessage(punch)]);
    streams.incoming = [bytes.subarray(0, 3), bytes.subarray(3)];
    control.read();
    expect(heard).toEqual([gone, punch]);
  });

  it("sends what finds no room later, and in order", () => {
    const { control, streams } = opened("client");
    streams.room = 1;
    control.send(gone);
    control.send({ type: "path", kind: "direct" });
    streams.room = Infinity;
    control.write();
    expect(Buffer.concat(streams.sent)).toEqual(
      Buffer.concat([encodeMessage(gone), encodeMessage({ type: "path", kind: "direct" })]),
    );
  });

  it.each<[string, Uint8Array | "fin" | "reset", "end" | "cut"]>([
    ["an end", "fin", "end"],
    ["a reset", "reset", "end"],
    ["a message over 4096 bytes", Uint8Array.of(3, 0x80, 0, 0x10, 1), "cut"],
    ["a field that is cut short", Uint8Array.of(3, 1, 0xc0), "cut"],
  ])("ends with %s, once, and the connection goes on", (_, incoming, end) => {
    const { control, streams, heard } = opened("client");
    streams.incoming = [incoming, encodeMessage(gone)];
    control.read();
    control.read();
    expect(heard).toEqual([end]);
    expect(streams.done).toEqual(["open", "abort read", "abort write"]);
    control.send(gone);
    expect(streams.sent).toEqual([]);
  });

  it("ends if the other side reads nothing of what it makes this one say", () => {
    const { control, streams, heard } = opened("client");
    streams.room = 0;
    const candidates = Array.from({ length: 8 }, (_, port) => ({
      kind: "host" as const,
      address: { address: "2001:db8::1", port },
    }));
    for (let generation = 1; generation <= 200; generation++)
      control.send({ type: "candidates", generation, candidates, nat: unknownNat });
    expect(heard).toEqual(["cut"]);
    expect(streams.done).toContain("abort write");
  });

  it("ends with more than 64 KiB in a minute", () => {
    const { control, streams, heard } = opened("client");
    const candidates = Array.from({ length: 120 }, () => ({
      kind: "host" as const,
      address: { address: "2001:db8::1", port: 1 },
    }));
    const message = encodeMessage({ type: "candidates", generation: 1, candidates, nat: unknownNat });
    const chunk = Buffer.from(message);
    streams.incoming = Array.from({ length: 50 }, () => chunk);
    control.read();
    expect(heard.at(-1)).toBe("cut");
    expect(heard.length - 1).toBe(Math.floor(65_536 / chunk.length));
  });
});
