import type { EnginePath } from "../../engine/contract.ts";
import type { PathFigures } from "./direct-path.ts";

/** Returns what the engine has counted on the relay's path and on the direct one, by their numbers; `undefined` if it has not both. */
export function figuresOf(
  paths: readonly EnginePath[],
  relayId: number,
  directId: number | undefined,
): PathFigures | undefined {
  const relay = paths.find(({ id }) => id === relayId);
  const direct = paths.find(({ id }) => id === directId);
  if (!relay || !direct) return undefined;
  return {
    relayReceived: relay.packetsReceived,
    bytes: relay.bytesSent + relay.bytesReceived + direct.bytesSent + direct.bytesReceived,
    packetsSent: direct.packetsSent,
    packetsLost: direct.packetsLost,
  };
}
