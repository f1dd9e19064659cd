import type { Forwarder } from "../../forwarder/index.ts";
import type { SocketWatch } from "./socket-watch.ts";

/** Why a relay should get no new peers, as `GET /readyz` names it. */
export type HealthFault =
  | "draining" // it was told to end, and still forwards
  | "closed" // it has ended
  | "not-open" // its UDP socket was never opened
  | "socket-lost"; // its UDP socket cannot be opened, or has failed

/** The parts of a running relay that {@link healthFaults} looks at. */
export interface HealthParts {
  readonly registry: { readonly draining: boolean };
  readonly forwarder: Pick<Forwarder, "stats">;
  readonly socketWatch: SocketWatch;
}

/** Returns the faults of a relay that runs. It looks at two flags, and at figures only while there is a fault. */
export function healthFaults({ registry, forwarder, socketWatch }: HealthParts): HealthFault[] {
  const faults: HealthFault[] = [];
  if (registry.draining) faults.push("draining");
  if (socketWatch.isLost(() => forwarder.stats())) faults.push("socket-lost");
  return faults;
}

/** Reports whether a new process would mend it. A supervisor that restarts for anything else ends connections for nothing. */
export function isMendedByRestart(fault: HealthFault): boolean {
  return fault === "socket-lost";
}
