import { expect, it } from "vitest";
import { formatRefusals } from "../../../../src/cli/relay/summary.ts";

it("the relay's summary counts refusals by the limit that was met, the most frequent first", () => {
  const refused = { waits: 3, "unsent-source": 12, "outbox-connection": 1 };
  expect(formatRefusals(refused)).toBe("refused 12 × unsent-source, 3 × waits, 1 × outbox-connection");
  expect(formatRefusals({})).toBe("");
});
