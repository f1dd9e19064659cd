import { setTimeout as sleep } from "node:timers/promises";
import { alternate } from "../rig/alternate.ts";
import { cpuNsOf } from "../rig/machine/cpu.ts";
import { type PeerKind, PeerLab, type PeerPair } from "../rig/peers.ts";
import { needsPeers, needsRustPeer } from "../rig/requirement.ts";
import { compareStreams, long, measured, requireEqual, type Sides, transfer } from "../rig/transfer.ts";
import type { Lab, Row } from "../row.ts";
import { figureOf, summarise } from "../summary.ts";
import { peerCliRow } from "./peer-cli.ts";

const controlNames: Readonly<Record<PeerKind, string>> = {
  peer: "peers",
  quiche: "quiche 0.18",
  rust: "Rust alone",
};

/** Work with peers and a control in turn, on a relay that ends with it. */
async function beside<Result>(
  control: PeerKind,
  work: (sides: Sides, lab: PeerLab) => Promise<Result>,
): Promise<Result> {
  await using lab = await PeerLab.open();
  return await work({ control: await lab.connect(control), subject: await lab.connect("peer") }, lab);
}

function streamRow(name: string, about: string, control: PeerKind): Row {
  return {
    name,
    about,
    run: (run) =>
      beside(control, (sides, lab) => compareStreams(name, controlNames[control], sides, lab.content, run)),
  };
}

/** Streams that share a connection. */
const streamsRow: Row = {
  name: "peer/streams-16",
  about: "16 streams at a time between two peers, against one stream of the same connection",
  async run({ effort, progress }) {
    await using lab = await PeerLab.open();
    const pair = await lab.connect("peer");
    await requireEqual(pair, lab.content, 16);
    const streams = { control: 1, subject: 16 };
    const rounds = await alternate(long(effort), progress, "MB/s", async (side) => {
      const { speed } = await transfer(pair, streams[side], effort.transferBytes);
      return speed;
    });
    return { name: this.name, unit: "MB/s", ...summarise("one stream", rounds) };
  },
};

const datagramsPerSecond = 100_000;
/** Datagrams of one round: half a second's. */
const datagrams = datagramsPerSecond / 2;
/** By then, those that are on their way have come. */
const settleMs = 100;

/** Returns thousands of datagrams that came per second of sending, and how many of 1000 the accepter dropped unread. */
async function sendDatagrams({ dialer, accepter }: PeerPair): Promise<{ rate: number; dropped: number }> {
  const count = async (): Promise<number[]> => (await accepter.ask("counted")).split(" ").map(Number);
  const before = await count();
  const ms = Number(await dialer.ask(`datagrams ${datagrams} ${datagramsPerSecond}`));
  await sleep(settleMs);
  const [arrived, dropped] = (await count()).map((figure, at) => figure - before[at]!);
  return { rate: arrived! / ms, dropped: (dropped! / datagrams) * 1000 };
}

const datagramsRow: Row = {
  name: "peer/datagrams",
  about: "datagrams of 1000 bytes that arrive of 100 000 a second, against the former engine",
  run: ({ effort, progress }) =>
    beside("quiche", async (sides) => {
      for (const { accepter } of Object.values(sides)) accepter.tell("count");
      const dropped: Record<keyof Sides, number[]> = { control: [], subject: [] };
      const rates = await alternate(long(effort), progress, "thousand/s", async (side) => {
        const result = await sendDatagrams(sides[side]);
        dropped[side].push(result.dropped);
        return result.rate;
      });
      const { subject, rounds, ...rest } = summarise(controlNames.quiche, rates);
      return [
        { name: "peer/datagrams", unit: "thousand/s", subject, rounds, ...rest },
        { name: "peer/datagrams-dropped", unit: "‰", subject: figureOf(measured(dropped.subject)), rounds },
      ];
    }),
};

const dialRow: Row = {
  name: "peer/dial",
  about: "ms from a dial until the connection is ready, against the former engine",
  run: ({ effort, progress }) =>
    beside("quiche", async (sides) => {
      const rounds = await alternate({ ...effort, warmUpRounds: 5 }, progress, "ms", async (side) =>
        Number(await sides[side].dialer.ask("dial")),
      );
      return { name: "peer/dial", unit: "ms", ...summarise(controlNames.quiche, rounds) };
    }),
};

/** As 1000 connections with the default of 15 s are alive, if there are as many. */
const keepaliveMsPerConnection = 15;

const idleRow: Row = {
  name: "peer/idle",
  about: "an accepter's time and memory for 1000 connections that are idle",
  async run({ effort, progress }: Lab) {
    const { idleConnections: connections } = effort;
    const keepaliveMs = connections * keepaliveMsPerConnection;
    await using lab = await PeerLab.open();
    const { dialer, accepter } = await lab.connect("peer", keepaliveMs);
    const before = Number(await accepter.ask("memory"));
    progress(`connecting ${connections} times`);
    await dialer.ask(`crowd ${connections}`);
    const bytes = (Number(await accepter.ask("memory")) - before) / connections;
    progress(`idling for ${keepaliveMs} ms`);
    const spentNs = cpuNsOf(accepter.pid);
    await sleep(keepaliveMs);
    const percent = ((cpuNsOf(accepter.pid) - spentNs) / (keepaliveMs * 1e6)) * 100;
    return [
      { name: "peer/idle", unit: "% of a core", subject: figureOf([percent]), rounds: 1 },
      { name: "peer/idle-memory", unit: "kB/connection", subject: figureOf([bytes / 1000]), rounds: 1 },
    ];
  },
};

/** The rows of peers, each a process of its own as is their relay. */
export const peerRows: readonly Row[] = [
  streamRow("peer/stream", "one stream between two peers, against the former engine", "quiche"),
  needsRustPeer(
    streamRow("peer/stream-of-rust", "the same against the same engine without JavaScript", "rust"),
  ),
  streamsRow,
  datagramsRow,
  dialRow,
  peerCliRow,
  idleRow,
].map(needsPeers);
