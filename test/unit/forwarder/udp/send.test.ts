import { expect, it } from "vitest";
import { sendDropReason } from "../../../../src/forwarder/udp/send.ts";

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
