import { describe, expect } from "vitest";
import type { NetworkReport } from "../../../../src/peer/index.ts";
import { itWith } from "../../harness/requirement.ts";
import { tokenFor } from "../../harness/token.ts";
import { createLab } from "../../nat-lab/lab.ts";
import type { Namespace } from "../../harness/network/namespaces.ts";
import type { Kind } from "../../nat-lab/site/rules.ts";
import { labStunPort, LabRelay } from "../path/lab-peers.ts";
import { startProgram } from "../path/peer-program.ts";

/** What Alice's host finds out about its network, once it is prepared. */
async function reportBehind(
  kind: Kind,
  prepare: (host: Namespace) => void = () => undefined,
): Promise<NetworkReport> {
  await using lab = await createLab({ alice: kind, bob: "open" });
  prepare(lab.alice);
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
    const secondPort = { port: labStunPort, answers: true };
    expect((await reportBehind(kind)).ipv4).toMatchObject({ mapping, secondPort });
  });

  itWith("netns").each<[Kind, string]>([
    ["open", "none"],
    ["port-dependent", "unknown"],
  ])("tells that a firewall lets nothing go to that port: %s", async (kind, mapping) => {
    const report = await reportBehind(kind, (host) =>
      host.nft(`table inet first-port {
  chain out { type filter hook output priority filter; udp dport ${labStunPort} drop; }
}`),
    );
    const secondPort = { port: labStunPort, answers: false };
    expect(report.ipv4).toMatchObject({ mapping, secondPort });
  });
});
