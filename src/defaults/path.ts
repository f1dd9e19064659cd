/** Defaults of direct paths between peers, each with its unit and its reason. `defaults/index.ts` exports them too. */
import { KiB } from "./units.ts";

/** Longest message on the control stream of two peers, in bytes: 20 times what 8 candidates take. */
export const maxControlMessageBytes: number = 4 * KiB;
/**
 * Bytes that a peer reads from a control stream per minute, and at once: hundreds of candidate lists, where an interface that
 * changes each second sends 60.
 */
export const controlBytesPerMinute: number = 64 * KiB;

/**
 * Candidates that a peer tells the other, and takes of it: two of each kind, and with them what checks may send to others at
 * one's word.
 */
export const maxCandidates = 8;
