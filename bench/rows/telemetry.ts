import { relay } from "../rig/backend.ts";
import { compare } from "../rig/compare.ts";
import type { Target } from "../rig/target.ts";
import type { Workload } from "../rig/workload.ts";
import { nodeCommand } from "../rig/native/program.ts";
import { needsNative } from "../rig/requirement.ts";
import type { Row } from "../row.ts";
import { summarise } from "../summary.ts";

const workload: Workload = { order: "random", sessions: 10_000, cidsPerSession: 10 };

const control: Target = relay("native", workload);

const subject: Target = {
  name: "native with telemetry",
  command: ({ cids, addresses: { client, sink }, sourcePort }) =>
    nodeCommand("subjects/telemetry.ts", cids.path, workload.cidsPerSession, client, sourcePort, sink),
};

/** Cost of telemetry in the data plane. */
export const telemetryRow: Row = needsNative({
  name: "telemetry/overhead",
  about: "native backend with 10 000 recorded spans and a collection each second, against the same without",
  async run({ network, effort, progress }) {
    if ("refusal" in network) return { name: this.name, skipped: network.refusal };
    const comparison = { workload, control, subject, link: network.link("whole") };
    const rounds = await compare(comparison, effort, progress);
    return { name: this.name, unit: "kpps/core", ...summarise(control.name, rounds) };
  },
});
