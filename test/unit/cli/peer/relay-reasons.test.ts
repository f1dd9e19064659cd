import { expect, it } from "vitest";
import { whyRelay } from "../../../../src/cli/peer/relay-reasons.ts";
import { relayReasons } from "../../../../src/peer/path/policy.ts";

it("each reason for the relay has a clause of its own, and is named", () => {
  const texts = relayReasons.map(whyRelay);
  expect(new Set(texts).size).toBe(relayReasons.length);
  for (const [index, text] of texts.entries())
    expect(text).toMatch(new RegExp(`^\\w.+ \\(${relayReasons[index]}\\)$`));
});
