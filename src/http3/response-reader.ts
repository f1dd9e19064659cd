import { http3Code, type Http3Fault } from "./fault.ts";
import type { Fields } from "./fields.ts";
import { type MessageHandler, type MessageKind, MessageReader } from "./message-reader.ts";

const response: MessageKind = {
  name: "response",
  // RFC 9114 §4.3.2
  pseudoFields: new Set([":status"]),
  emptyFault: malformed("a response ended before its fields"),
  judge,
};

/**
 * Reads the response to a request that is not HEAD. Interim responses are skipped, and the length of the content is compared
 * with the announced one (RFC 9114 §4.1.2).
 */
export class ResponseReader {
  readonly #message: MessageReader;
  /** Bytes of content that are still to come, if that was announced. */
  #bytesLeft: number | undefined;
  #fault: Http3Fault | undefined;

  constructor(options: { readonly maxFieldSectionBytes: number }) {
    this.#message = new MessageReader(response, options);
  }

  /** Memory held until a field section is complete, in bytes. */
  get heldBytes(): number {
    return this.#message.heldBytes;
  }

  /** Takes the next bytes of the stream. After a fault it reads no more, and returns the fault again. */
  push(bytes: Uint8Array, on: MessageHandler): Http3Fault | undefined {
    if (this.#fault) return this.#fault;
    const fault = this.#message.push(bytes, {
      fields: (fields, size) => {
        this.#bytesLeft = announcedBytes(fields);
        on.fields(fields, size);
      },
      data: (piece) => this.#takeContent(piece, on),
    });
    // Too much content came first.
    return (this.#fault ??= fault);
  }

  /** Takes the end of the stream, if it was not reset. */
  end(): Http3Fault | undefined {
    return this.#fault ?? this.#message.end() ?? this.#shortage();
  }

  #takeContent(piece: Uint8Array, on: MessageHandler): void {
    if (this.#fault) return;
    const bytes = Math.min(piece.length, this.#bytesLeft ?? Infinity);
    if (this.#bytesLeft !== undefined) this.#bytesLeft -= bytes;
    if (bytes < piece.length) this.#fault = malformed("the content is longer than announced");
    if (bytes > 0) on.data(piece.subarray(0, bytes));
  }

  #shortage(): Http3Fault | undefined {
    return this.#bytesLeft ? malformed("the content is shorter than announced") : undefined;
  }
}

function malformed(why: string): Http3Fault {
  return { scope: "stream", code: http3Code.messageError, why };
}

/** Connection-specific fields, which HTTP/3 does not allow (RFC 9114 §4.2). */
const connectionFields = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

function judge(fields: Fields): "final" | "interim" | Http3Fault {
  const { ":status": status, "content-length": length } = fields;
  if (typeof status !== "string" || !/^[1-9]\d\d$/.test(status)) return malformed("the status is not valid");
  // RFC 9114 §4.5
  if (status === "101") return malformed("HTTP/3 has no switch of protocols");
  if (connectionFields.some((name) => fields[name] !== undefined))
    return malformed("a field belongs to HTTP/1.1");
  if (status.startsWith("1")) return "interim";
  if (length === undefined || (typeof length === "string" && /^\d{1,15}$/.test(length))) return "final";
  return malformed("the content length is not valid");
}

/** A response 304 announces the content of another (RFC 9110 §8.6). */
function announcedBytes({ ":status": status, "content-length": length }: Fields): number | undefined {
  return length === undefined || status === "304" ? undefined : Number(length);
}
