import {
  controlBytesPerMinute,
  controlMessagesPerMinute,
  maxControlMessageBytes,
} from "../../../defaults/index.ts";
import { noBytes, ownBytes } from "../../../own-memory.ts";
import { TokenBucket } from "../../../token-bucket.ts";
import { parseVarint } from "../../../wire/varint.ts";
import { type ControlMessage, parseMessage } from "./messages.ts";

/** Why a control stream is read no further: a message over 4096 bytes, over 65 536 bytes or 256 messages a minute, or a field that is cut short. */
export type ControlVerdict = "too-long" | "too-much" | "too-many" | "malformed";

interface Frame {
  readonly type: number;
  readonly body: Uint8Array;
  /** Offset of what follows. */
  readonly end: number;
}

/** Reads the messages of a control stream, however it is split into chunks. It holds one message at most. */
export class MessageReader {
  readonly #bucket: TokenBucket;
  readonly #messages: TokenBucket;
  #pending: Uint8Array = noBytes;
  #verdict: ControlVerdict | undefined;

  constructor(nowMs: number) {
    this.#bucket = new TokenBucket(controlBytesPerMinute / 60, controlBytesPerMinute, nowMs);
    this.#messages = new TokenBucket(controlMessagesPerMinute / 60, controlMessagesPerMinute, nowMs);
  }

  /** Takes the next chunk, and returns the messages that it completes. After a verdict it reads no more, and returns it again. */
  push(chunk: Uint8Array, nowMs: number): readonly ControlMessage[] | ControlVerdict {
    if (this.#verdict) return this.#verdict;
    if (!this.#bucket.take(chunk.length, nowMs)) return this.#end("too-much");
    return this.#read(Buffer.concat([this.#pending, chunk]), nowMs);
  }

  #read(bytes: Uint8Array, nowMs: number): readonly ControlMessage[] | ControlVerdict {
    const messages: ControlMessage[] = [];
    let at = 0;
    for (let frame = parseFrame(bytes, 0); frame; frame = parseFrame(bytes, at)) {
      if (frame === "too-long") return this.#end(frame);
      if (!this.#messages.take(1, nowMs)) return this.#end("too-many");
      const message = parseMessage(frame.type, frame.body);
      if (message === "malformed") return this.#end(message);
      if (message) messages.push(message);
      at = frame.end;
    }
    this.#pending = ownBytes(bytes.subarray(at));
    return messages;
  }

  #end(verdict: ControlVerdict): ControlVerdict {
    this.#verdict = verdict;
    this.#pending = noBytes;
    return verdict;
  }
}

/** Parses type, length and body at `at`; `undefined` if they are not complete. A length is judged before its body is there. */
function parseFrame(bytes: Uint8Array, at: number): Frame | "too-long" | undefined {
  const type = parseVarint(bytes, at);
  const length = type && parseVarint(bytes, type.end);
  if (!length) return undefined;
  if (length.value > maxControlMessageBytes) return "too-long";
  const end = length.end + length.value;
  if (end > bytes.length) return undefined;
  return { type: type.value, body: bytes.subarray(length.end, end), end };
}
