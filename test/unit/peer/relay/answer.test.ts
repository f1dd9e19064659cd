import { describe, expect, it } from "vitest";
import {
  requireInvitation,
  requireMessages,
  requireRegistration,
  requireSent,
  requireTaken,
} from "../../../../src/peer/relay/answer.ts";

const refused = expect.objectContaining({ code: "ERR_QUICPIPE_RELAY_REFUSED" });
const long = "x".repeat(257);

/** Answers of the right shape, and what is wrong with others. */
const cases: readonly (readonly [
  string,
  (answer: never) => unknown,
  object,
  Readonly<Record<string, unknown[]>>,
])[] = [
  [
    "a registration",
    requireRegistration,
    { id: "i", secret: "s", address: null, relay: "relay.example:4433" },
    {
      id: [undefined, 5, "", long, "\uD800"],
      secret: [undefined, {}, long],
      address: [undefined, 5, long],
      relay: [undefined, 5, "", long],
      stunPort: [null, "3478", 0, 1.5, 65_536],
    },
  ],
  [
    "a message with its packets",
    (answer) => requireTaken(answer, "alice"),
    { id: "i", sender: "alice", packets: ["AAAA"] },
    {
      sender: [undefined, null, long, "carol", "Alice"],
      packets: [undefined, "AAAA", [5], Array(9).fill("AAAA")],
      traceparent: [5],
    },
  ],
  [
    "an invitation",
    requireInvitation,
    { id: "i", sender: "bob/invite/i", recipient: "bob", token: "a.b.c", relay: "relay.example:4433" },
    {
      id: [undefined, 5, "", long],
      sender: [undefined, null, long, "carol", "bob", "bob/invite/j", "carol/invite/i", "bob/invite/i/"],
      recipient: [undefined, "", "carol"],
      token: [undefined, 5, "", "a.b", "a.b.c.d", "a.b.c\n", "a.b.é", `a.b.${"c".repeat(1021)}`],
      relay: [undefined, 5, long],
    },
  ],
  [
    "a message that was sent",
    requireSent,
    { id: "i", state: "queued" },
    { id: [undefined, 5], state: ["lost", 5] },
  ],
];

describe("an answer of the relay", () => {
  it.each(cases)("is taken for %s only if it is one", (_what, require, good, wrong) => {
    expect(require(good as never)).toBe(good);
    expect(() => require(undefined as never)).toThrow(refused);
    for (const [name, values] of Object.entries(wrong))
      for (const value of values) expect(() => require({ ...good, [name]: value } as never)).toThrow(refused);
  });

  it("is taken for a list of messages only if all of them have an id and a sender", () => {
    const good = [{ id: "i", sender: "alice" }];
    expect(requireMessages(good)).toBe(good);
    for (const wrong of [undefined, {}, [5], [null], [...good, { id: "i" }], [{ id: long, sender: "alice" }]])
      expect(() => requireMessages(wrong)).toThrow(refused);
  });
});
