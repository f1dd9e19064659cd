import { compare, type Comparison } from "../rig/compare.ts";
import type { Target } from "../rig/target.ts";
import { type Workload, firstSinkPort } from "../rig/workload.ts";
import type { LinkKind } from "../rig/machine/network.ts";
import { compileControl, nodeCommand } from "../rig/native/program.ts";
import { relay } from "../rig/backend.ts";
import { needsCoturn, needsNative } from "../rig/requirement.ts";
import { turnPort, turnServer } from "../rig/turn-server.ts";
import type { Lab, Row } from "../row.ts";
import { summarise } from "../summary.ts";

const burstsOf64: Workload = { order: "burst16", sessions: 64, cidsPerSession: 1 };
/** A peer has some ten connection IDs. */
const randomOf100k: Workload = { order: "random", sessions: 10_000, cidsPerSession: 10 };
/** TURN has one address and one channel per session. */
const randomOf10k: Workload = { order: "random", sessions: 10_000, cidsPerSession: 1 };
const toOneDestination: Workload = { order: "random", sessions: 1, cidsPerSession: 64 };

/** The control in C. */
const bare: Target = {
  name: "bare C",
  command: ({ addresses }) => [compileControl(), "0.0.0.0", addresses.sink],
};

/** The control on node:dgram. */
const dgramEcho: Target = {
  name: "bare node:dgram",
  command: ({ addresses }) => nodeCommand("controls/dgram-echo.ts", addresses.sink, firstSinkPort),
};

/**
 * coturn with one client per session. The load is channel data, of which coturn has to parse only 4 bytes.
 * `turnutils_uclient` needs a whole core to make the load that coturn forwards with less; see rows/turn-clients.ts.
 */
function coturn({ sessions }: Workload): Target {
  return { name: "coturn", command: () => turnServer, turn: { port: turnPort, clients: sessions } };
}

type Match = Pick<Comparison, "workload" | "subject"> &
  Partial<Pick<Comparison, "control">> & { readonly linkKind?: LinkKind };

function row(name: string, about: string, match: Match): Row {
  const { linkKind = "whole", control = bare, workload, subject } = match;
  return {
    name,
    about,
    async run({ network, effort, progress }: Lab) {
      if ("refusal" in network) return { name, skipped: network.refusal };
      const comparison = { workload, control, subject, link: network.link(linkKind) };
      const rounds = await compare(comparison, effort, progress);
      return { name, unit: "kpps/core", ...summarise(control.name, rounds) };
    },
  };
}

const native: readonly Row[] = [
  row("native/burst16-64", "native backend, bursts of 16 packets to 64 CIDs, against a bare forwarder in C", {
    workload: burstsOf64,
    subject: relay("native", burstsOf64),
  }),
  row("native/burst16-64-cut", "the same where the kernel has to cut the segments for the network card", {
    workload: burstsOf64,
    subject: relay("native", burstsOf64),
    linkKind: "cuts",
  }),
  row("native/random-100k", "native backend, 100 000 CIDs of 10 000 sessions in random order", {
    workload: randomOf100k,
    subject: relay("native", randomOf100k),
  }),
];

const dgram: readonly Row[] = [
  row("dgram/burst16-64", "dgram backend, bursts, against the same control", {
    workload: burstsOf64,
    subject: relay("dgram", burstsOf64),
  }),
  row("dgram/random-100k", "dgram backend, random", {
    workload: randomOf100k,
    subject: relay("dgram", randomOf100k),
  }),
  row("dgram/fixed", "dgram backend that holds 1 000 CIDs, against a bare node:dgram forwarder", {
    workload: toOneDestination,
    control: dgramEcho,
    subject: relay("dgram", toOneDestination, 100),
  }),
  row("dgram/crowded", "the same with 100 000 CIDs: what the garbage collector takes for them shows here", {
    workload: toOneDestination,
    control: dgramEcho,
    subject: relay("dgram", toOneDestination, 10_000),
  }),
];

const turn: readonly Row[] = [
  row("coturn/burst16-64", "coturn, one channel for each of 64 clients, bursts", {
    workload: burstsOf64,
    subject: coturn(burstsOf64),
  }),
  row("coturn/random", "coturn, one channel for each of 10 000 clients, random", {
    workload: randomOf10k,
    subject: coturn(randomOf10k),
  }),
];

/** The rows that measure packets per second and core. */
export const relayRows: readonly Row[] = [...native.map(needsNative), ...dgram, ...turn.map(needsCoturn)];
