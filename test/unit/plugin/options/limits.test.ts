import { describe, expect, it } from "vitest";
import { requireMailboxRoom } from "../../../../src/plugin/mailbox/room.ts";
import { addressLimits, resolveLimits } from "../../../../src/plugin/options/limits.ts";

describe("a limit above the one that bounds it", () => {
  it.each([
    [
      { maxMessagesPerSender: 20_000, maxMessageBytesPerSender: 2 ** 25 },
      "maxMessagesPerSender is 20000",
      "maxMessages, which is 10000 by default",
    ],
    [{ maxCids: 10, maxCidsPerSubject: 11 }, "maxCidsPerSubject is 11", "maxCids, which is 10 here"],
    [{ messageTtlMs: 300_001 }, "messageTtlMs is 300001", "maxMessageTtlMs, which is 300000 by default"],
    [{ maxCidsPerRegistration: 9, maxCidsPerSubject: 8 }, "maxCidsPerRegistration is 9", "maxCidsPerSubject"],
  ])("is refused in a sentence with both: %j", (limits, name, bound) => {
    const refusal = (): unknown => resolveLimits(limits);
    expect(refusal).toThrow(`option limits.${name}, but has no effect above limits.${bound}`);
    expect(refusal).toThrow(expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID" }));
  });

  it.each([
    ["maxMessagesPerSender", "maxMessageBytesPerSender"],
    ["maxMessagesPerRecipient", "maxMessageBytesPerRecipient"],
  ])("is refused where the bytes allow for fewer messages of the least length: %s", (name, bytes) => {
    expect(() => resolveLimits({ [name]: 109 })).not.toThrow();
    expect(() => resolveLimits({ [name]: 110 })).toThrow(
      `option limits.${name} is 110, but no more than 109 can wait: a message has at least 1200 bytes, and limits.${bytes} is 131072; raise that as well`,
    );
    expect(() => resolveLimits({ [name]: 110, [bytes]: 110 * 1200 })).not.toThrow();
  });

  it("is cut in silence if it is a default", () => {
    expect(resolveLimits({ maxRegistrations: 3 }).maxRegistrations).toBe(3);
  });

  it("does not concern a limit that equals it", () => {
    const same = { maxMessages: 7, maxMessagesPerSender: 7 };
    expect(resolveLimits(same)).toMatchObject(same);
  });

  it("has no hidden one beside the documented: a sender may have as many messages waiting as the limit says", () => {
    const limits = resolveLimits({ maxMessagesPerSender: 1000, maxMessageBytesPerSender: 2 ** 21 });
    const own = { messages: 999, bytes: 1 };
    const none = { messages: 0, bytes: 0 };
    const request = { bytes: 1, box: { own: none, all: none }, sender: { ...own, ended: 0 }, store: own };
    expect(() => requireMailboxRoom(request, limits)).not.toThrow();
    const full = { ...request, sender: { ...request.sender, messages: 1000 } };
    expect(() => requireMailboxRoom(full, limits)).toThrow("1000 of your messages wait");
  });
});

describe("the limits of an address where no client has a token", () => {
  it("are those of 16 subjects, but at most an eighth of the table", () => {
    const limits = resolveLimits(undefined);
    const { maxRegistrationsPerSubject, maxCidsPerSubject, maxWaitersPerSubject } = addressLimits(limits);
    expect(maxWaitersPerSubject).toBe(16 * limits.maxWaitersPerSubject);
    expect(maxRegistrationsPerSubject).toBe(limits.maxRegistrations / 8);
    expect(maxCidsPerSubject).toBe(limits.maxCids / 8);
  });

  it("are those of 16 subjects where that is less", () => {
    const limits = resolveLimits({ maxRegistrationsPerSubject: 2, maxCidsPerSubject: 20 });
    expect(addressLimits(limits)).toMatchObject({ maxRegistrationsPerSubject: 32, maxCidsPerSubject: 320 });
  });

  it("are never less than those of one subject", () => {
    const limits = resolveLimits({
      maxRegistrations: 10,
      maxRegistrationsPerSubject: 5,
      maxCids: 80,
      maxCidsPerSubject: 70,
    });
    expect(addressLimits(limits)).toMatchObject({ maxRegistrationsPerSubject: 5, maxCidsPerSubject: 70 });
  });
});
