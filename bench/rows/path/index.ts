import type { Row } from "../../row.ts";
import { needsPaths } from "../../rig/requirement.ts";
import { courseRow } from "./course.ts";
import { directStreamRows } from "./direct-stream.ts";
import { fallbackRows } from "./fallback.ts";
import { idleRow } from "./idle.ts";
import { upgradeRow } from "./upgrade.ts";

/** The rows of direct paths between peers, in networks with a machine for each. */
export const pathRows: readonly Row[] = [
  upgradeRow,
  ...fallbackRows,
  ...directStreamRows,
  idleRow,
  courseRow,
].map(needsPaths);
