import { describe, expect, it } from "vitest";
import { maxSendQueueBytes } from "../../../../src/defaults/index.ts";
import { createSendQueueGate, sendDropReason } from "../../../../src/forwarder/udp/udp-socket.ts";

function failure(code: string): Error {
  return Object.assign(new TypeError("send"), { code });
}

it("tells a buffer that is full from a datagram that cannot be sent", () => {
  expect(["EAGAIN", "ENOBUFS", failure("ENOBUFS")].map(sendDropReason)).toEqual(
    Array(3).fill("send-buffer-full"),
  );
  expect(["EINVAL", failure("EHOSTUNREACH"), new TypeError("no code")].map(sendDropReason)).toEqual(
    Array(3).fill("send-failed"),
  );
});

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
