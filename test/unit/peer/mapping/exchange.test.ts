import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openExchange, type RouterExchange } from "../../../../src/peer/mapping/exchange.ts";
import type { RouterSocketOwner } from "../../../../src/peer/mapping/router-socket.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const request = Buffer.from("request");

async function setUp(): Promise<{ exchange: RouterExchange; owner: RouterSocketOwner; sent: string[] }> {
  const sent: string[] = [];
  let owner: RouterSocketOwner | undefined;
  const exchange = await openExchange((_, given) => {
    owner = given;
    return Promise.resolve({
      localAddress: "192.168.1.2",
      send: (datagram) => void sent.push(Buffer.from(datagram).toString()),
      close: () => undefined,
    });
  }, "192.168.1.1");
  return { exchange: exchange!, owner: owner!, sent };
}

/** Reads one datagram, and nothing in any other. */
function right(datagram: Uint8Array): string | undefined {
  return Buffer.from(datagram).equals(Buffer.from("right")) ? "answer" : undefined;
}

it("an answer ends the question; what comes before its answer is passed over", async () => {
  const { exchange, owner, sent } = await setUp();
  const answer = exchange.ask(request, right);
  owner.onDatagram(Buffer.from("wrong"));
  owner.onDatagram(Buffer.from("right"));
  expect(await answer).toBe("answer");
  await vi.advanceTimersByTimeAsync(1000);
  expect(sent).toEqual(["request"]);
});

it("of one question, 16 datagrams are read", async () => {
  const { exchange, owner } = await setUp();
  const read = vi.fn(right);
  const answer = exchange.ask(request, read);
  for (let n = 0; n < 100; n++) owner.onDatagram(Buffer.from("wrong"));
  owner.onDatagram(Buffer.from("right"));
  await vi.advanceTimersByTimeAsync(500);
  expect(await answer).toBeUndefined();
  expect(read).toHaveBeenCalledTimes(16);
});

it("a datagram that is longer than any of PCP is not read", async () => {
  const { exchange, owner } = await setUp();
  const read = vi.fn((datagram: Uint8Array) => datagram.length);
  const answer = exchange.ask(request, read);
  owner.onDatagram(Buffer.alloc(1101));
  owner.onDatagram(Buffer.alloc(1100));
  expect(await answer).toBe(1100);
});

it("what comes when nothing is asked is not read", async () => {
  const { exchange, owner } = await setUp();
  owner.onDatagram(Buffer.from("right"));
  const answer = exchange.ask(request, right);
  await vi.advanceTimersByTimeAsync(500);
  expect(await answer).toBeUndefined();
});

it("nobody is waited for who cannot be reached, and nothing after an abort", async () => {
  const { exchange, owner, sent } = await setUp();
  const unreachable = exchange.ask(request, right);
  owner.onUnreachable();
  expect(await unreachable).toBeUndefined();
  const controller = new AbortController();
  const aborted = exchange.ask(request, right, controller.signal);
  controller.abort();
  expect(await aborted).toBeUndefined();
  expect(await exchange.ask(request, right, controller.signal)).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1000);
  expect(sent).toHaveLength(2);
});
