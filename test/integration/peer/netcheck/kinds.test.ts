import { describe, expect } from "vitest";
import type { NetworkReport } from "../../../../src/peer/index.ts";
import { itWith } from "../../harness/requirement.ts";
import { tokenFor } from "../../harness/token.ts";
import { createLab } from "../../nat-lab/lab.ts";
import type { Kind } from "../../nat-lab/site/rules.ts";
import { LabRelay } from "../path/lab-peers.ts";
import { startProgram } from "../path/peer-program.ts";

/** What Alice's host finds out about its network. */
async function reportBehind(kind: Kind): Promise<NetworkReport> {
  await using lab = await createLab({ alice: kind, bob: "open" });
  const relay = await LabRelay.start(lab.relay);
  const env = { ...relay.env("ipv4"), TOKEN: await tokenFor("alice") };
  const [line] = await startProgram(lab.alice, "netcheck", env).prints(/.*\n/);
  return JSON.parse(line!) as NetworkReport;
}

describe("a check of the network at a relay with a second port", () => {
  itWith("netns").each<[Kind, string]>([
    ["open", "none"],
    ["port-dependent", "endpoint-independent"],
    ["sequential", "sequential"],
    ["symmetric", "random"],
  ])("tells what a NAT does to ports: %s", async (kind, mapping) => {
    expect((await reportBehind(kind)).ipv4).toMatchObject({ mapping });
  });
});
