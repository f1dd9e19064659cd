import { setTimeout as sleep } from "node:timers/promises";
import { QuicpipeError } from "../../src/errors.ts";
import { packetBytes } from "../rig/compare.ts";
import { cpuNsOf } from "../rig/machine/cpu.ts";
import { addresses, type Network } from "../rig/machine/network.ts";
import { needsCoturn } from "../rig/requirement.ts";
import { turnServer } from "../rig/turn-server.ts";
import type { Effort, Row } from "../row.ts";
import { figureOf } from "../summary.ts";

const clients = 64;
/** Far longer than coturn takes to start. */
const startMs = 500;
/** Rounds of the other rows for each round here: a round takes seconds, and rounds differ little. */
const roundsShare = 5;

/** Returns the messages that arrived per ms of CPU time of coturn's threads. */
function measure(network: Network, coturnPid: number, roundMs: number): number {
  const before = cpuNsOf(coturnPid);
  const perClient = Math.ceil((roundMs * 300) / clients);
  const load = `-y -c -z 0 -m ${clients} -n ${perClient} -l ${packetBytes} ${addresses.relay}`;
  const report = network.run("client", ["turnutils_uclient", ...load.split(" ")]);
  const received = Number(/.*tot_recv_msgs=(\d+)/s.exec(report)?.[1]);
  if (received > 0) return received / ((cpuNsOf(coturnPid) - before) / 1e6);
  throw new QuicpipeError(
    "ERR_QUICPIPE_INTERNAL",
    `turnutils_uclient received nothing: ${report.slice(-500)}`,
  );
}

function roundsOf({ rounds }: Effort): number {
  return Math.max(1, Math.floor(rounds / roundsShare));
}

/**
 * coturn under its own load generator: messages between two clients, both with an allocation, as for two peers that
 * cannot reach each other. A message passes coturn twice and counts once; the other rows count each pass.
 */
export const turnClientsRow: Row = needsCoturn({
  name: "coturn/uclient",
  about: "coturn by its own turnutils_uclient: messages from client to client",
  async run({ network, effort, progress }) {
    if ("refusal" in network) return { name: this.name, skipped: network.refusal };
    const coturn = network.start("relay", turnServer);
    const figures: number[] = [];
    await sleep(startMs);
    for (let round = 1; round <= roundsOf(effort); round++) {
      progress(`${this.name}: round ${round}`);
      figures.push(measure(network, coturn.pid, effort.roundMs));
    }
    await coturn.stop();
    return { name: this.name, unit: "kpps/core", subject: figureOf(figures), rounds: figures.length };
  },
});
