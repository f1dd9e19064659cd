import { isQuicpipeError, type Connection, type Peer, type RelayReason } from "../../peer/index.ts";
import { formatMs } from "../peer/path-lines.ts";
import { whyRelay } from "../peer/relay-reasons.ts";
import { pingNote } from "../ping/protocol.ts";

/** What came of a dial: a direct path, the reason why there is none, or the failure of the dial. */
export type PeerCheck =
  | { readonly path: "direct"; readonly remote: string; readonly rttMs: number; readonly afterMs: number }
  | { readonly path: "relay"; readonly reason: RelayReason | null }
  | { readonly path: null; readonly code: string; readonly message: string };

/** Time for a direct path to be found, in ms: the first round of checks takes less than 3 s. */
const seekMs = 10_000;

/** Dials a peer, and waits until there is a direct path or a reason why there is none. */
export async function checkPeer(peer: Peer, name: string, timeoutMs: number): Promise<PeerCheck> {
  try {
    await using connection = await peer.dial(name, { timeoutMs, note: pingNote });
    return await outcomeOf(connection);
  } catch (error) {
    if (!isQuicpipeError(error)) throw error;
    return { path: null, code: error.code, message: error.message };
  }
}

async function outcomeOf(connection: Connection): Promise<PeerCheck> {
  const startMs = performance.now();
  const { reason } = connection.path;
  if (reason !== undefined) return { path: "relay", reason };
  // The end of the connection ends its events.
  const timer = setTimeout(() => connection.close(), seekMs);
  try {
    for await (const event of connection.paths) {
      if (event.kind === "refused") return { path: "relay", reason: event.reason };
      if (event.kind !== "selected") continue;
      const { remote, rttMs } = event;
      return { path: "direct", remote, rttMs: rounded(rttMs), afterMs: rounded(performance.now() - startMs) };
    }
    return { path: "relay", reason: null };
  } finally {
    clearTimeout(timer);
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** Says what came of a dial. */
export function peerText(check: PeerCheck): string {
  if (check.path === null) return `not reached: ${check.message} (${check.code})`;
  if (check.path === "direct")
    return `direct ${check.remote} ${formatMs(check.rttMs)} (${formatMs(check.afterMs)} after connect)`;
  return `relay only: ${check.reason ? whyRelay(check.reason) : "no direct path was found in time"}`;
}
