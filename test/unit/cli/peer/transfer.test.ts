import { PassThrough, Readable, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { receiveInto, sendFrom } from "../../../../src/cli/peer/transfer.ts";

/** A stream of chunks that are told apart, and what became of it. */
function streamOf(chunks: number): {
  readonly readable: ReadableStream<Uint8Array>;
  canceled: boolean;
} {
  let next = 0;
  const source = {
    canceled: false,
    readable: new ReadableStream({
      type: "bytes" as const,
      pull: (controller) => {
        if (next === chunks) {
          controller.close();
          controller.byobRequest?.respond(0);
        } else controller.enqueue(new Uint8Array(1000).fill(++next));
      },
      cancel: () => void (source.canceled = true),
    }),
  };
  return source;
}

describe("what a stream brings", () => {
  it("is out before its buffer is filled again, however slow the output is", async () => {
    const written: Buffer[] = [];
    const output = new Writable({
      highWaterMark: 1e6,
      write: (chunk: Buffer, _encoding, done) =>
        void setImmediate(() => {
          written.push(Buffer.from(chunk));
          done();
        }),
    });
    const count = { bytes: 0 };
    await receiveInto(output, streamOf(20).readable, count);
    expect(written.map((chunk) => new Set(chunk))).toEqual(
      Array.from({ length: 20 }, (_, i) => new Set([i + 1])),
    );
    expect([count.bytes, output.writableEnded]).toEqual([20_000, false]);
  });

  it("is given up where the output breaks", async () => {
    const broken = new Error("EPIPE");
    const output = new Writable({ write: (_chunk, _encoding, done) => done(broken) });
    const source = streamOf(20);
    await expect(receiveInto(output, source.readable, { bytes: 0 })).rejects.toBe(broken);
    expect(source.canceled).toBe(true);
  });

  it("ends with the error of the stream", async () => {
    const error = new Error("reset");
    const readable = new ReadableStream({ type: "bytes", start: (controller) => controller.error(error) });
    await expect(receiveInto(new PassThrough(), readable, { bytes: 0 })).rejects.toBe(error);
  });
});

describe("what an input has", () => {
  it("goes to the stream, which then ends", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const count = { bytes: 0 };
    const sending = sendFrom(Readable.from([Buffer.from("ab"), Buffer.from("c")]), writable, count);
    const chunks: Uint8Array[] = [];
    for await (const chunk of readable) chunks.push(chunk);
    await sending;
    expect([Buffer.concat(chunks).toString(), count.bytes]).toEqual(["abc", 3]);
  });

  it("is asked for no more where the stream breaks, also while the input is silent", async () => {
    const input = new PassThrough();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const sending = sendFrom(input, writable, { bytes: 0 });
    await readable.cancel(new Error("stopped"));
    await expect(sending).rejects.toThrow("stopped");
    expect(input.destroyed).toBe(true);
  });

  it("breaks the stream where the input breaks", async () => {
    const input = new PassThrough();
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const sending = sendFrom(input, writable, { bytes: 0 });
    input.destroy(new Error("no disk"));
    await expect(sending).rejects.toThrow("no disk");
    await expect(readable.getReader().read()).rejects.toThrow("no disk");
  });
});
