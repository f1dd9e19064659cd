import { parseVarint } from "../wire/varint.ts";
import { http3Code } from "./codes.ts";
import { connectionFault, type Http3Fault } from "./fault.ts";

/** Settings that the server sends (RFC 9114 §7.2.4.1). */
export const setting = { maxFieldSectionSize: 0x06 } as const;

/** HTTP/2 settings that are reserved in HTTP/3 (RFC 9114 §7.2.4.1). */
const http2Settings: ReadonlySet<number> = new Set([0x02, 0x03, 0x04, 0x05]);

/** Checks the payload of a SETTINGS frame (RFC 9114 §7.2.4). No setting of a client changes what the server sends. */
export function checkSettings(payload: Uint8Array): Http3Fault | undefined {
  const seen = new Set<number>();
  for (let at = 0; at < payload.length;) {
    const id = parseVarint(payload, at);
    const value = id && parseVarint(payload, id.end);
    if (!value) return connectionFault(http3Code.frameError, "a setting is cut short");
    if (http2Settings.has(id.value)) return connectionFault(http3Code.settingsError, "a setting is HTTP/2's");
    if (seen.has(id.value)) return connectionFault(http3Code.settingsError, "a setting comes twice");
    seen.add(id.value);
    at = value.end;
  }
  return undefined;
}
