import { describe, expect, it } from "vitest";
import { httpWindowBytes, maxAnswerBytes } from "../../../../src/defaults/index.ts";
import { headersFrame, settingsStream } from "../../../../src/http3/index.ts";
import { encodeVarint } from "../../../../src/wire/varint.ts";
import { codeOf } from "../../harness/peers.ts";
import { get, openSessionTo } from "../../harness/http/http3-session.ts";
import { type Script, startScriptedServer } from "../scripted-server.ts";

const unreachable = "ERR_QUICPIPE_RELAY_UNREACHABLE";
const refused = "ERR_QUICPIPE_RELAY_REFUSED";
const settings = settingsStream({ maxFieldSectionBytes: 65_536 });
const ok = headersFrame({ ":status": "200" });
const chunk = Buffer.alloc(65_536);

/** A frame of a length that never comes. */
function endless(type: number): Buffer {
  return Buffer.concat([encodeVarint(type), encodeVarint(2 ** 50)]);
}

/** Answers with some bytes, and then with zeros without an end. */
function flood(...beginning: readonly Uint8Array[]): Script {
  return (acts, id) => {
    acts.send(id, Buffer.concat(beginning));
    acts.repeat(() => acts.send(id, chunk));
  };
}

describe("a peer whose relay speaks HTTP/3 without measure", () => {
  it.each([
    ["headers", flood(Buffer.from([0x01, 0x80, 0xf0, 0x00, 0x00]))],
    ["a body", flood(ok, endless(0))],
    ["a frame that nobody knows", flood(endless(0x21))],
    ["empty frames", flood(ok)],
  ])("refuses the answers, and takes few bytes of them: %s", async (_, script) => {
    const server = await startScriptedServer(script);
    const session = await openSessionTo(server.port);
    const codes = await Promise.all(Array.from({ length: 8 }, () => codeOf(session.request(get("/")))));
    expect(new Set(codes)).toEqual(new Set([refused]));
    expect(server.sentBytes()).toBeLessThan(8 * (maxAnswerBytes + httpWindowBytes.session));
    // Each request had a stream of its own, so others may still be answered.
    expect(session.usable).toBe(true);
  });

  it.each<[string, Script, number]>([
    [
      "streams of unknown types",
      (acts) =>
        acts.repeat(() => {
          const id = acts.open("unidirectional", Buffer.from([0x21]));
          if (id !== undefined) acts.send(id, Buffer.alloc(0), true);
        }),
      0x107,
    ],
    [
      "control frames",
      (acts) => {
        const id = acts.open("unidirectional", Buffer.concat([settings, endless(0x21)]))!;
        acts.repeat(() => acts.send(id, chunk));
      },
      0x107,
    ],
    ["a push", (acts) => void acts.open("unidirectional", Buffer.from([1, 0])), 0x108],
    ["a stream for requests", (acts) => void acts.open("bidirectional", Buffer.from([0])), 0x103],
    ["a frame of HTTP/2", (acts, id) => acts.send(id, Buffer.from([6, 0])), 0x105],
    ["half a frame", (acts, id) => acts.send(id, Buffer.concat([ok, Buffer.from([0, 9, 1])]), true), 0x106],
  ])("ends the session and says why: %s", async (_, script, code) => {
    const server = await startScriptedServer(script);
    const session = await openSessionTo(server.port);
    const error = session.request(get("/"));
    await expect(error).rejects.toMatchObject({
      code: unreachable,
      message: expect.stringContaining("no HTTP/3"),
      details: { sent: true },
    });
    expect(session.usable).toBe(false);
    expect(await server.ended).toMatchObject({ by: "other", isApplication: true, errorCode: code });
    expect(server.sentBytes()).toBeLessThan(httpWindowBytes.session);
  });

  it("says of a request whether it was reset unread", async () => {
    const server = await startScriptedServer((acts, id) => acts.reset(id, id === 0 ? 0x10b : 0x102));
    const session = await openSessionTo(server.port);
    for (const sent of [false, true])
      await expect(session.request(get("/"))).rejects.toMatchObject({ code: unreachable, details: { sent } });
    expect(session.usable).toBe(true);
  });

  it("tells the code and reason with which the relay ends the session", async () => {
    const server = await startScriptedServer((acts) => acts.close(0x102, "out of order"));
    const session = await openSessionTo(server.port);
    await expect(session.request(get("/"))).rejects.toMatchObject({
      code: unreachable,
      message: expect.stringContaining("HTTP/3 error 0x102 (out of order)"),
      details: { sent: true },
    });
    expect(session.usable).toBe(false);
  });
});
