import { parseVarint } from "../wire/varint.ts";
import { connectionFault, http3Code, type Http3Fault } from "./fault.ts";
import { type FrameHandler, FrameReader, type PayloadUse } from "./frame-reader.ts";
import { frameType, isReservedFrame } from "./frame-types.ts";

/** Longest SETTINGS payload that is accepted, in bytes: some dozens of settings. Five are usual. */
const maxSettingsBytes = 1024;
/** Longest variable-length integer, in bytes. */
const maxIdBytes = 8;

/** The side of a connection that sends a stream. */
export type Side = "client" | "server";

/** Reads a control stream (RFC 9114 §6.2.1). */
export class ControlStream implements FrameHandler {
  readonly #of: Side;
  readonly #frames = new FrameReader();
  #hasSettings = false;
  /** Push IDs that a client allows, which may only grow. */
  #maxPushId = 0;
  #goAwayId = Infinity;

  /** @param of whose control stream it is. */
  constructor(of: Side) {
    this.#of = of;
  }

  /** ID of the latest GOAWAY (RFC 9114 §5.2), which may only shrink; infinite before. */
  get goAwayId(): number {
    return this.#goAwayId;
  }

  push(bytes: Uint8Array): Http3Fault | undefined {
    return this.#frames.push(bytes, this);
  }

  begin(type: number, length: number): PayloadUse | Http3Fault {
    if (type === frameType.settings) return this.#beginSettings(length);
    if (!this.#hasSettings)
      return connectionFault(http3Code.missingSettings, "a control stream begins without settings");
    // RFC 9114 §7.2.3: no push was promised that could be cancelled.
    if (type === frameType.cancelPush) return connectionFault(http3Code.idError, "a push was never promised");
    if (type === frameType.goAway || (type === frameType.maxPushId && this.#of === "client"))
      return length <= maxIdBytes ? "keep" : notOneNumber;
    return isReservedFrame(type) ? misplaced(type) : "skip";
  }

  whole(type: number, payload: Uint8Array): Http3Fault | undefined {
    if (type === frameType.settings) return checkSettings(payload);
    const id = parseVarint(payload, 0);
    if (id?.end !== payload.length) return notOneNumber;
    return type === frameType.goAway ? this.#goAway(id.value) : this.#allowPushes(id.value);
  }

  /** Takes SETTINGS, which come once and before all other frames (RFC 9114 §7.2.4). */
  #beginSettings(length: number): PayloadUse | Http3Fault {
    if (this.#hasSettings) return misplaced(frameType.settings);
    this.#hasSettings = true;
    if (length <= maxSettingsBytes) return "keep";
    return connectionFault(http3Code.excessiveLoad, "the settings are too long");
  }

  /** Takes GOAWAY (RFC 9114 §5.2): a client's has a push ID, a server's the ID of a request (§7.2.6). */
  #goAway(id: number): Http3Fault | undefined {
    if (this.#of === "server" && id % 4 !== 0)
      return connectionFault(http3Code.idError, "GOAWAY has an ID that is no request's");
    if (id > this.#goAwayId) return connectionFault(http3Code.idError, "GOAWAY has a higher ID than before");
    this.#goAwayId = id;
    return undefined;
  }

  /** Takes MAX_PUSH_ID (RFC 9114 §7.2.7). */
  #allowPushes(id: number): Http3Fault | undefined {
    if (id < this.#maxPushId) return connectionFault(http3Code.idError, "MAX_PUSH_ID is lower than before");
    this.#maxPushId = id;
    return undefined;
  }
}

const notOneNumber: Http3Fault = connectionFault(
  http3Code.frameError,
  "a frame is not as long as its only number",
);

function misplaced(type: number): Http3Fault {
  return connectionFault(http3Code.frameUnexpected, `a frame of type ${type} came on a control stream`);
}

/** HTTP/2 settings that are reserved in HTTP/3 (RFC 9114 §7.2.4.1). */
const http2Settings: ReadonlySet<number> = new Set([0x02, 0x03, 0x04, 0x05]);

/** Checks the payload of a SETTINGS frame (RFC 9114 §7.2.4). No setting changes what this side sends: it needs no table. */
function checkSettings(payload: Uint8Array): Http3Fault | undefined {
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
