import { encodeVarint } from "../wire/varint.ts";
import { encodeFieldSection } from "./qpack/field-section.ts";
import type { Fields } from "./fields.ts";
import { frameType } from "./frame-types.ts";
import { streamType } from "./uni-streams.ts";

/** SETTINGS_MAX_FIELD_SECTION_SIZE (RFC 9114 §7.2.4.1). */
const maxFieldSectionSize = 0x06;

/**
 * Returns the start of a control stream: its type and SETTINGS (RFC 9114 §6.2.1). QPACK's settings keep their
 * default of 0: no dynamic table, no blocked streams (RFC 9204 §5).
 */
export function settingsStream(options: { readonly maxFieldSectionBytes: number }): Buffer {
  const settings = [maxFieldSectionSize, options.maxFieldSectionBytes].map(encodeVarint);
  return Buffer.concat([
    encodeVarint(streamType.control),
    frame(frameType.settings, Buffer.concat(settings)),
  ]);
}

/** Returns a GOAWAY frame: requests on streams from `streamId` on will not be answered (RFC 9114 §5.2). */
export function goAwayFrame(streamId: number): Buffer {
  return frame(frameType.goAway, encodeVarint(streamId));
}

/** Returns a HEADERS frame. Names are in lower case, values Latin-1. */
export function headersFrame(fields: Fields): Buffer {
  return frame(frameType.headers, encodeFieldSection(fields));
}

/** Returns the header of a DATA frame with `bytes` of content. */
export function dataFrameHead(bytes: number): Buffer {
  return Buffer.concat([encodeVarint(frameType.data), encodeVarint(bytes)]);
}

function frame(type: number, payload: Buffer): Buffer {
  return Buffer.concat([encodeVarint(type), encodeVarint(payload.length), payload]);
}
