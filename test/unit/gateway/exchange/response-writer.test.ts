import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { responsePieceBytes } from "../../../../src/defaults/index.ts";
import { Budget } from "../../../../src/gateway/budget/budget.ts";
import type { ExchangeStream } from "../../../../src/gateway/exchange/stream.ts";
import { Outbox } from "../../../../src/gateway/exchange/outbox.ts";
import { Pace } from "../../../../src/gateway/exchange/patience.ts";
import { ResponseWriter } from "../../../../src/gateway/exchange/response-writer.ts";

/** A stream whose client goes while the header fields are sent. */
class LostStream extends EventEmitter implements ExchangeStream {
  respond(): never {
    throw new Error("the stream is destroyed");
  }
  write(): void {}
  end(): void {}
  close(): void {}
}

it("a response whose client has gone before its body is read has its body cancelled", async () => {
  const ended: unknown[] = [];
  const body = new ReadableStream({ cancel: (reason) => void ended.push(reason) });
  const writer = new ResponseWriter({
    stream: new LostStream(),
    budget: new Budget().connect("192.0.2.1")!.open(0)!,
    outbox: undefined,
    pace: new Pace(),
    onWait: () => undefined,
    onSent: () => undefined,
    now: () => 0,
  });
  await expect(writer.write(new Response(body), { ":status": "200" }, "GET")).rejects.toThrow("destroyed");
  const gone = new Error("gone");
  writer.abandon(gone);
  writer.abandon(gone);
  expect(ended).toEqual([gone]);
});

it("a response whose client has gone is written no further, and leaves nothing in the outbox", async () => {
  const written: number[] = [];
  const stream = Object.assign(new EventEmitter(), {
    respond: () => undefined,
    write: (piece: Buffer, done: () => void) => {
      written.push(piece.length);
      if (written.length === 2) writer.abandon(new Error("gone"));
      done();
    },
    end: (done: () => void) => done(),
    close: () => undefined,
  });
  const connection = new Budget().connect("192.0.2.1")!;
  const outbox = new Outbox({ ping: () => undefined, getMetrics: () => null }, connection, {
    onCrowded: () => undefined,
    now: () => 0,
  });
  const writer: ResponseWriter = new ResponseWriter({
    stream,
    budget: connection.open(0)!,
    outbox,
    pace: new Pace(),
    onWait: () => undefined,
    onSent: () => undefined,
    now: () => 0,
  });
  const response = new Response(new Uint8Array(4 * responsePieceBytes));
  await expect(writer.write(response, { ":status": "200" }, "GET")).rejects.toThrow("gone");
  expect(written).toEqual([responsePieceBytes, responsePieceBytes]);
  expect(connection.outbox.heldBytes).toBe(0);
});
