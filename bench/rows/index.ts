import type { Row } from "../row.ts";
import { registrationRows } from "./registration.ts";
import { relayRows } from "./relay.ts";
import { spliceRow } from "./splice.ts";
import { turnClientsRow } from "./turn-clients.ts";

/** Every row of the benchmark, in the order that they run. */
export const rows: readonly Row[] = [...relayRows, turnClientsRow, spliceRow, ...registrationRows];
