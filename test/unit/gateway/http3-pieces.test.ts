import { once } from "node:events";
import { ServerHttp3Stream } from "@currentspace/http3";
import { describe, expect, it } from "vitest";
import { takePieces } from "../../../src/gateway/http3-pieces.ts";

/** A piece with memory of its own, as the library makes them. */
function piece(): Buffer {
  return Buffer.from(new ArrayBuffer(1000));
}

function open(): ServerHttp3Stream {
  const stream = new ServerHttp3Stream();
  takePieces(stream);
  return stream;
}

describe("a piece of a request over HTTP/3", () => {
  it("is read when it comes, and its memory is given back then", async () => {
    const stream = open();
    const lengths: number[] = [];
    stream.on("data", (taken: Buffer) => lengths.push(taken.length));
    const pieces = [piece(), piece()];
    for (const each of pieces) expect(stream.push(each)).toBe(true);
    expect(lengths).toEqual([1000, 1000]);
    expect(pieces.map(({ length }) => length)).toEqual([0, 0]);
    stream.push(null);
    await once(stream, "end");
  });

  it("that comes after its stream was stopped is given back, and nobody hears of it", () => {
    const stream = open();
    stream.on("data", () => expect.unreachable());
    stream.destroy();
    const late = piece();
    expect(stream.push(late)).toBe(true);
    expect(late.length).toBe(0);
  });

  it("leaves alone what shares its memory", () => {
    const shared = new ArrayBuffer(2000);
    open().push(Buffer.from(shared, 0, 1000));
    expect(shared.byteLength).toBe(2000);
  });
});
