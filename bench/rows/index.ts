import type { Row } from "../row.ts";
import { dgramCrowded, dgramFixed } from "./dgram.ts";

/** Every row of the benchmark, in the order that they run. */
export const rows: readonly Row[] = [dgramFixed, dgramCrowded];
