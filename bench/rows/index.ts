import type { Row } from "../row.ts";
import { dgramFixed } from "./dgram-fixed.ts";

/** Every row of the benchmark, in the order that they run. */
export const rows: readonly Row[] = [dgramFixed];
