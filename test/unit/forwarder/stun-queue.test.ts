import { describe, expect, it } from "vitest";
import { maxWaitingStun, maxWaitingStunOfStrangers, maxWaitingStunOfSubject } from "../../../src/defaults.ts";
import { StunQueue } from "../../../src/forwarder/stun-queue.ts";
import { TokenBucket } from "../../../src/token-bucket.ts";

const source = { address: "192.0.2.1", port: 4433 };

function createQueue(): { queue: StunQueue; answered: number[]; strangers: TokenBucket } {
  const answered: number[] = [];
  const strangers = createPayer();
  const queue = new StunQueue({ strangers, answer: ([first = 0]) => void answered.push(first) });
  return { queue, answered, strangers };
}

function createPayer(): TokenBucket {
  return new TokenBucket(1, 1, 0);
}

/** How many find room, and why not more do. */
function fill(queue: StunQueue, payer: TokenBucket): [count: number, refusal: string] {
  for (let count = 0; ; count++) {
    const refusal = queue.add(new Uint8Array(20), source, payer);
    if (refusal) return [count, refusal];
  }
}

describe("StunQueue", () => {
  it("answers in order, as many as it is told", () => {
    const { queue, answered } = createQueue();
    for (const first of [1, 2, 3]) queue.add(Uint8Array.of(first), source, createPayer());
    expect([queue.deliver(2), [...answered]]).toEqual([true, [1, 2]]);
    expect([queue.deliver(2), queue.deliver(2), answered]).toEqual([true, false, [1, 2, 3]]);
  });

  it("gives strangers and each subject a share, and all together no more than there is", () => {
    const { queue, strangers } = createQueue();
    expect(fill(queue, strangers)).toEqual([maxWaitingStunOfStrangers, "over-share"]);
    const subjects = (maxWaitingStun - maxWaitingStunOfStrangers) / maxWaitingStunOfSubject;
    for (let i = 0; i < subjects; i++)
      expect(fill(queue, createPayer())).toEqual([maxWaitingStunOfSubject, "over-share"]);
    expect(fill(queue, createPayer())).toEqual([0, "overloaded"]);
  });

  it("has room for a subject again as its messages are answered", () => {
    const { queue } = createQueue();
    const payer = createPayer();
    fill(queue, payer);
    queue.deliver(3);
    expect(fill(queue, payer)[0]).toBe(3);
    queue.deliver(maxWaitingStun);
    expect(fill(queue, payer)[0]).toBe(maxWaitingStunOfSubject);
  });

  it("loses none of the others where one cannot be answered", () => {
    const answered: number[] = [];
    const queue = new StunQueue({
      strangers: createPayer(),
      answer([first = 0]) {
        if (first === 2) throw new TypeError("no answer");
        answered.push(first);
      },
    });
    for (const first of [1, 2, 3]) queue.add(Uint8Array.of(first), source, createPayer());
    expect(() => queue.deliver(8)).toThrow("no answer");
    expect([queue.deliver(8), answered]).toEqual([true, [1, 3]]);
  });

  it("answers nothing once it is cleared", () => {
    const { queue, answered } = createQueue();
    queue.add(Uint8Array.of(1), source, createPayer());
    queue.clear();
    expect([queue.deliver(1), answered]).toEqual([false, []]);
  });
});
