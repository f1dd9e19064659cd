import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { Budget } from "../../../src/gateway/budget.ts";
import type { ExchangeStream } from "../../../src/gateway/exchange-stream.ts";
import { Pace } from "../../../src/gateway/pace.ts";
import { ResponseWriter } from "../../../src/gateway/response-writer.ts";

/** A stream whose client goes while it is told the header fields. */
class LostStream extends EventEmitter implements ExchangeStream {
  respond(): never {
    throw new Error("the stream is destroyed");
  }
  write(): void {}
  end(): void {}
  close(): void {}
}

it("a response whose client has gone before its body was asked for is told so", async () => {
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
  writer.abandon("gone");
  writer.abandon("gone");
  expect(ended).toEqual(["gone"]);
});
