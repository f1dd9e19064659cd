import { describe, expect, it } from "vitest";
import { maxSendQueueBytes } from "../../../../src/defaults/index.ts";
import { createSendQueueGate } from "../../../../src/forwarder/udp/send-queue.ts";

describe("the gate of the send queue", () => {
  it("closes within sixteen datagrams of a queue over its limit, and opens again", () => {
    let queued = 0;
    const isFull = createSendQueueGate(() => queued);
    const answers = (count: number): boolean[] => Array.from({ length: count }, isFull);
    expect(answers(16)).toEqual(Array(16).fill(false));
    queued = maxSendQueueBytes + 1;
    expect(answers(16)).toEqual(Array(16).fill(true));
    queued = maxSendQueueBytes;
    expect(answers(16)).toEqual(Array(16).fill(false));
  });

  it("looks at the queue at every sixteenth datagram only", () => {
    let looks = 0;
    const isFull = createSendQueueGate(() => looks++);
    for (let datagram = 0; datagram < 160; datagram++) isFull();
    expect(looks).toBe(10);
  });
});
