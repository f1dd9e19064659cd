/** Types of frames (RFC 9114 §7.2). */
export const frameType = {
  data: 0x00,
  headers: 0x01,
  cancelPush: 0x03,
  settings: 0x04,
  pushPromise: 0x05,
  goAway: 0x07,
  maxPushId: 0x0d,
} as const;

/** Types of HTTP/2 frames that have none in HTTP/3 (RFC 9114 §7.2.8): PRIORITY, PING, WINDOW_UPDATE, CONTINUATION. */
const http2Types: ReadonlySet<number> = new Set([0x02, 0x06, 0x08, 0x09]);
const knownTypes: ReadonlySet<number> = new Set(Object.values(frameType));

/** Whether frames of a type mean something, so that they must not come where they do not belong; others are skipped (§9). */
export function isReservedFrame(type: number): boolean {
  return knownTypes.has(type) || http2Types.has(type);
}
