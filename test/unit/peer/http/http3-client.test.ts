import { describe, expect, it } from "vitest";
import {
  maxAnswerHeaderBytes,
  maxHttp3ControlBytes,
  maxHttp3UniStreams,
} from "../../../../src/defaults/index.ts";
import type { Http3Fault } from "../../../../src/http3/index.ts";
import { Exchange } from "../../../../src/peer/http/exchange.ts";
import { Http3Client } from "../../../../src/peer/http/http3-client.ts";
import type { HttpRequest, HttpResponse } from "../../../../src/peer/http/http.ts";
import { requestFrames } from "../../../../src/peer/http/request-frames.ts";
import { type FieldLines, frame, section } from "../../http3/wire-bytes.ts";
import { ScriptedEngine } from "./scripted-engine.ts";

const get: HttpRequest = { method: "GET", path: "/v1/x", headers: {}, timeoutMs: 1000, isIdempotent: true };
const control = Buffer.from([0]);
const settings = Buffer.concat([control, frame(4)]);

function head(status: string, ...fields: FieldLines): Buffer {
  return frame(1, section([[":status", status], ...fields]));
}

interface Asked {
  readonly answer: Promise<HttpResponse>;
  readonly forget: () => void;
}

/** A client whose connection is established, and what it tells its owner. */
function setUp({ allowed = 100, room = Infinity }: { allowed?: number; room?: number } = {}): {
  engine: ScriptedEngine;
  client: Http3Client;
  faults: Http3Fault[];
  goaways: () => number;
  ask: (request?: Partial<HttpRequest>) => Asked;
} {
  const engine = new ScriptedEngine();
  engine.allowed.bidirectional = allowed;
  engine.room = room;
  const faults: Http3Fault[] = [];
  let goaways = 0;
  const client = new Http3Client(engine, {
    onGoaway: () => goaways++,
    onFault: (fault) => faults.push(fault),
  });
  client.start();
  const ask = (more: Partial<HttpRequest> = {}): Asked => {
    const request = { ...get, ...more };
    const exchange = new Exchange(request);
    const forget = client.request(exchange, requestFrames(request, "relay.example"));
    exchange.answer.catch(() => undefined);
    return { answer: exchange.answer, forget };
  };
  return { engine, client, faults, goaways: () => goaways, ask };
}

/** Has pieces come on a request's stream. */
function bring(
  { engine, client }: Pick<ReturnType<typeof setUp>, "engine" | "client">,
  id: number,
  ...pieces: Parameters<ScriptedEngine["bring"]>[1][]
): void {
  engine.bring(id, ...pieces);
  client.onReadable(id);
}

const unreachable = (sent: boolean): object => ({
  code: "ERR_QUICPIPE_RELAY_UNREACHABLE",
  details: { sent },
});
const refused = { code: "ERR_QUICPIPE_RELAY_REFUSED" };

describe("a request over HTTP/3", () => {
  it("comes after the settings, with its pseudo-fields first, and ends its stream", () => {
    const { engine, ask } = setUp();
    ask({ method: "POST", headers: { accept: "*/*" }, body: Buffer.from("{}") });
    expect(engine.sent.get(2)).toEqual({ bytes: Buffer.from("0004050680010000", "hex"), hasEnded: false });
    const fields = `0000d4d7500d${Buffer.from("relay.example").toString("hex")}51052f76312f78dd5401${"32"}`;
    const headers = Buffer.from(fields, "hex");
    expect(engine.sent.get(0)).toEqual({
      bytes: Buffer.concat([frame(1, headers), frame(0, "{}")]),
      hasEnded: true,
    });
  });

  it("is answered with status, fields and content, without interim responses and trailers", async () => {
    const all = setUp();
    const { answer } = all.ask();
    const fields: FieldLines = [
      ["x-a", "1"],
      ["x-a", "2"],
    ];
    bring(all, 0, head("103"), head("200", ...fields), frame(0, "ab"), frame(0x21, "?"));
    bring(all, 0, frame(0, "c"), frame(1, section([["x-sum", "7"]])), "end");
    const { status, headers, body } = await answer;
    expect([status, headers.get("x-a"), Buffer.from(body).toString()]).toEqual([200, "1, 2", "abc"]);
    expect(headers.has("x-sum")).toBe(false);
    expect([all.engine.aborts, all.faults]).toEqual([[], []]);
  });

  it("waits while the relay allows no stream, and then opens one", () => {
    const { engine, client, ask } = setUp({ allowed: 1 });
    ask();
    ask({ path: "/second" });
    expect(engine.sent.has(4)).toBe(false);
    engine.allowed.bidirectional = 2;
    client.onAllowed("bidirectional");
    expect(engine.sent.get(4)!.bytes.includes("/second")).toBe(true);
  });

  it("is sent as there is room for it", () => {
    const { engine, client, ask } = setUp({ room: 0 });
    ask({ body: Buffer.alloc(100, "b") });
    engine.room = 30;
    let rounds = 0;
    for (; !engine.sent.get(0)!.hasEnded; rounds++) client.onWritable(0);
    expect(rounds).toBeGreaterThan(3);
    client.onWritable(2);
    expect(engine.sent.get(0)!.bytes.subarray(-100)).toEqual(Buffer.alloc(100, "b"));
    expect(engine.sent.get(2)!.bytes.length).toBe(8);
  });

  it("is answered although the relay stops it half-way (RFC 9114 §4.1)", async () => {
    const all = setUp({ room: 10 });
    const { answer } = all.ask({ body: Buffer.alloc(100) });
    all.client.onStopped(0, 0x100);
    expect(all.engine.aborts).toEqual([{ id: 0, direction: "write", code: 0x100 }]);
    all.client.onWritable(0);
    expect(all.engine.sent.get(0)!.bytes.length).toBe(10);
    bring(all, 0, head("413"), "end");
    expect((await answer).status).toBe(413);
  });

  it("may be made again if the relay rejects it unread, and not so if it is reset otherwise", async () => {
    const all = setUp();
    const [first, second] = [all.ask(), all.ask()];
    bring(all, 0, { abortedWith: 0x10b });
    await expect(first.answer).rejects.toMatchObject(unreachable(false));
    bring(all, 4, { abortedWith: 0x102 });
    await expect(second.answer).rejects.toMatchObject(unreachable(true));
  });

  it("stops its stream both ways if it is given up, and says nothing where it is over", () => {
    const all = setUp({ room: 10 });
    all.ask().forget();
    expect(all.engine.aborts).toEqual([
      { id: 0, direction: "write", code: 0x10c },
      { id: 0, direction: "read", code: 0x10c },
    ]);
    all.engine.room = Infinity;
    const { forget } = all.ask();
    bring(all, 4, head("204"), "end");
    expect(all.client.isIdle).toBe(false);
    forget();
    expect(all.client.isIdle).toBe(true);
    expect(all.engine.aborts.length).toBe(2);
  });

  it("is never sent if it is given up before it has a stream", () => {
    const { engine, client, ask } = setUp({ allowed: 0 });
    ask().forget();
    engine.allowed.bidirectional = 1;
    client.onAllowed("bidirectional");
    expect(engine.sent.has(0)).toBe(false);
  });

  it.each(["line\nbreak", "Zeichen \u2713"])("is refused if HTTP cannot carry a field: %j", (token) => {
    const { ask } = setUp();
    expect(() => ask({ headers: { authorization: token } })).toThrow(
      expect.objectContaining({ ...unreachable(false), message: expect.not.stringContaining(token) }),
    );
  });
});

describe("a malformed response", () => {
  it.each([
    ["has no status", [frame(1, section([["x-a", "1"]]))]],
    ["has less content than announced", [head("200", ["content-length", "3"]), frame(0, "ab")]],
    ["has no fields", []],
  ])("fails its request alone: one that %s", async (_, frames) => {
    const all = setUp();
    const [first, second] = [all.ask(), all.ask()];
    bring(all, 0, ...frames, "end");
    await expect(first.answer).rejects.toMatchObject(unreachable(true));
    expect(all.engine.aborts).toContainEqual({ id: 0, direction: "read", code: 0x10e });
    bring(all, 4, head("200"), "end");
    expect((await second.answer).status).toBe(200);
    expect(all.faults).toEqual([]);
  });

  it.each([
    ["fields over the limit", [Buffer.from([1, 0x80, 0xf0, 0, 0])]],
    ["endless interim responses", Array.from({ length: 800 }, () => head("103", ["link", "x".repeat(100)]))],
    ["endless frames without content", [head("200"), Buffer.alloc(maxAnswerHeaderBytes)]],
    ["content over the limit", [head("200"), frame(0, Buffer.alloc(101))]],
  ])("is cut off: one of %s", async (_, frames) => {
    const all = setUp();
    const { answer, forget } = all.ask({ maxAnswerBytes: 100 });
    bring(all, 0, ...frames);
    await expect(answer).rejects.toMatchObject(refused);
    forget();
    expect(all.engine.aborts).toContainEqual(expect.objectContaining({ id: 0, direction: "read" }));
    expect(all.faults).toEqual([]);
  });

  it("is none if its content comes in frames of a byte each", async () => {
    const all = setUp();
    const { answer } = all.ask();
    const bytes = maxAnswerHeaderBytes;
    bring(all, 0, head("200"), Buffer.concat(Array.from({ length: bytes }, () => frame(0, "a"))), "end");
    expect((await answer).body.length).toBe(bytes);
  });
});

describe("a relay that breaks HTTP/3", () => {
  it.each([
    ["DATA before the fields", [frame(0, "a")], 0x105],
    ["a promised push", [head("200"), frame(5, "\0")], 0x108],
    ["a frame that is cut short", [head("200"), Buffer.from([0, 5]), "end"], 0x106],
    ["fields of a dynamic table", [frame(1, Buffer.from([2, 0, 0x80]))], 0x200],
  ] as const)("is found out by its response: %s", (_, pieces, code) => {
    const all = setUp();
    all.ask();
    bring(all, 0, ...pieces);
    expect(all.faults).toMatchObject([{ scope: "connection", code }]);
  });

  it.each([
    ["a second control stream", [[settings], [control]], 0x103],
    ["a push", [[Buffer.from([1, 0])]], 0x108],
    ["a control stream without settings", [[control, frame(7, "\0")]], 0x10a],
    ["a control stream that ends", [[settings, "end"]], 0x104],
    ["a control stream that is reset", [[settings, { abortedWith: 0 }]], 0x104],
    ["a dynamic table", [[Buffer.from([2, 0x3f, 1])]], 0x201],
    ["more control than anybody needs", [[settings, Buffer.alloc(maxHttp3ControlBytes, frame(0x21))]], 0x107],
  ] as const)("is found out by its own streams: %s", (_, streams, code) => {
    const { engine, client, faults } = setUp();
    for (const pieces of streams) engine.open("unidirectional", ...pieces);
    client.onOpened("unidirectional");
    expect(faults).toMatchObject([{ scope: "connection", code }]);
  });

  it("is found out if it opens a stream for requests, or stops the control stream", () => {
    const { engine, client, faults } = setUp();
    engine.open("bidirectional");
    client.onOpened("bidirectional");
    client.onStopped(2, 0x100);
    expect(faults).toMatchObject([{ code: 0x103 }, { code: 0x104 }]);
  });

  it("may open streams of unknown types, which are stopped, but not for ever", () => {
    const { engine, client, faults } = setUp();
    for (let i = 0; i < maxHttp3UniStreams; i++) engine.open("unidirectional", Buffer.from([0x21, 1, 2]));
    client.onOpened("unidirectional");
    expect(faults).toEqual([]);
    expect(engine.aborts.length).toBe(maxHttp3UniStreams);
    expect(engine.aborts[0]).toEqual({ id: 3, direction: "read", code: 0x103 });
    engine.open("unidirectional", "end");
    client.onOpened("unidirectional");
    expect(faults).toMatchObject([{ code: 0x107 }]);
  });
});

describe("GOAWAY", () => {
  it("leaves earlier requests to be answered, and says of the others that they were not carried out", async () => {
    const all = setUp({ allowed: 2 });
    const [first, second, third] = [all.ask(), all.ask(), all.ask()];
    const id = all.engine.open("unidirectional", settings, frame(7, "\x04"));
    all.client.onOpened("unidirectional");
    expect(all.goaways()).toBe(1);
    for (const { answer } of [second, third]) await expect(answer).rejects.toMatchObject(unreachable(false));
    bring(all, 0, head("200"), "end");
    expect((await first.answer).status).toBe(200);
    bring(all, id, frame(7, "\0"));
    expect(all.goaways()).toBe(2);
    bring(all, id, frame(7, "\x04"));
    expect(all.faults).toMatchObject([{ code: 0x108 }]);
  });
});

describe("the end of a session", () => {
  it("says of each request whether it may have been carried out", async () => {
    const { client, ask } = setUp({ allowed: 1 });
    const [begun, waiting] = [ask(), ask()];
    const { relayUnreachable } = await import("../../../../src/peer/http/http.ts");
    client.fail((sent) => relayUnreachable("gone", { sent }));
    await expect(begun.answer).rejects.toMatchObject(unreachable(true));
    await expect(waiting.answer).rejects.toMatchObject(unreachable(false));
  });
});
