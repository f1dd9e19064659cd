/** Frame types (RFC 9114 §7.2). */
export const frameType = {
  data: 0x00,
  headers: 0x01,
  cancelPush: 0x03,
  settings: 0x04,
  pushPromise: 0x05,
  goAway: 0x07,
  maxPushId: 0x0d,
} as const;

/** HTTP/2 frame types that are reserved in HTTP/3 (RFC 9114 §7.2.8): PRIORITY, PING, WINDOW_UPDATE, CONTINUATION. */
const http2Types: ReadonlySet<number> = new Set([0x02, 0x06, 0x08, 0x09]);
const knownTypes: ReadonlySet<number> = new Set(Object.values(frameType));

/** Reports whether a frame type has a meaning, and so is an error in the wrong place. Others are skipped (RFC 9114 §9). */
export function isReservedFrame(type: number): boolean {
  return knownTypes.has(type) || http2Types.has(type);
}
