import type { Row } from "../row.ts";
import { cliTransferRow } from "./cli.ts";
import { closingRow } from "./closing.ts";
import { controlRows } from "./control.ts";
import { mapMemoryRow } from "./map-memory.ts";
import { pathRows } from "./path/index.ts";
import { peerRows } from "./peer.ts";
import { registrationRows } from "./registration.ts";
import { relayRows } from "./relay.ts";
import { spliceRow } from "./splice.ts";
import { telemetryRow } from "./telemetry.ts";
import { turnClientsRow } from "./turn-clients.ts";
import { xdpRows } from "./xdp.ts";

/** Every row of the benchmark, in the order in which they run. */
export const rows: readonly Row[] = [
  ...relayRows,
  turnClientsRow,
  ...xdpRows,
  mapMemoryRow,
  spliceRow,
  telemetryRow,
  ...registrationRows,
  closingRow,
  ...controlRows,
  ...peerRows,
  cliTransferRow,
  ...pathRows,
];
