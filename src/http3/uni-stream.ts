import type { Http3Fault } from "./fault.ts";

/** Unidirectional stream types (RFC 9114 §6.2, RFC 9204 §4.2). */
export const streamType = { control: 0x00, push: 0x01, qpackEncoder: 0x02, qpackDecoder: 0x03 } as const;

/** Reads a unidirectional stream after its type. */
export interface UniStream {
  push(bytes: Uint8Array): Http3Fault | undefined;
}
