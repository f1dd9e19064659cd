import { describe, expect, it } from "vitest";
import { QuicpipeError } from "../../../../src/errors.ts";
import { LateReadable } from "../../../../src/peer/connection/late-readable.ts";

const over = new QuicpipeError("ERR_QUICPIPE_CONNECTION_LOST", "over");

describe("a stream that is made when it is asked for", () => {
  it("takes nothing before, and is one stream however often it is asked for", () => {
    const late = new LateReadable<number>(() => undefined, {});
    expect(late.controller).toBeUndefined();
    const { readable } = late;
    expect(late.readable).toBe(readable);
    expect(late.controller).toBeDefined();
  });

  it("asks for items as its reader does", async () => {
    let next = 0;
    const late = new LateReadable<number>(() => late.controller!.enqueue(++next), { highWaterMark: 0 });
    const reader = late.readable.getReader();
    expect(next).toBe(0);
    expect([await reader.read(), await reader.read()]).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
    ]);
  });

  it("takes nothing more once its reader has cancelled it, not even its end", async () => {
    const late = new LateReadable<number>(() => undefined, {});
    await late.readable.cancel();
    expect(late.controller).toBeUndefined();
    expect(() => late.end(over)).not.toThrow();
  });

  it.each(["before", "after"])("ends in good order, asked for %s its end", async (when) => {
    const late = new LateReadable<number>(() => undefined, {});
    if (when === "before") expect(late.readable.locked).toBe(false);
    late.end(undefined);
    expect(late.controller).toBeUndefined();
    expect(await late.readable.getReader().read()).toEqual({ done: true, value: undefined });
  });

  it.each(["before", "after"])("fails with its error, asked for %s its end", async (when) => {
    const late = new LateReadable<number>(() => undefined, {});
    if (when === "before") expect(late.readable.locked).toBe(false);
    late.end(over);
    late.end(undefined);
    await expect(late.readable.getReader().read()).rejects.toBe(over);
  });
});
