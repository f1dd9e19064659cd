import { connectionFault, http3Code, type Http3Fault } from "./fault.ts";
import { decodeFieldSection } from "./qpack/field-section.ts";
import { type Fields, tooManyFields } from "./fields.ts";
import { FrameReader, type PayloadUse } from "./frame-reader.ts";
import { frameType, isReservedFrame } from "./frame-types.ts";

/** Receives the parts of a message. */
export interface MessageHandler {
  /**
   * The header fields, once and first.
   *
   * @param bytes their encoded size, which may be a hundredth of the decoded one.
   */
  fields(fields: Fields, bytes: number): void;
  /** Part of the content: a view of the pushed bytes, never empty. */
  data(piece: Uint8Array): void;
}

/** What tells requests from responses. */
export interface MessageKind {
  readonly name: "request" | "response";
  readonly pseudoFields: ReadonlySet<string>;
  /** The fault of a stream that ends before the header fields. */
  readonly emptyFault: Http3Fault;
  /** Judges header fields. Others follow those of an interim response (RFC 9110 §15.2), which are not passed on. */
  judge(fields: Fields): "final" | "interim" | Http3Fault;
}

const noPseudoFields: ReadonlySet<string> = new Set();

/**
 * Reads the frames of a request or a response: HEADERS, any DATA, and optionally HEADERS with trailers (RFC 9114 §4.1). Trailers
 * are checked but not passed on: nobody reads them. Only a field section is kept until it is complete.
 */
export class MessageReader {
  readonly #kind: MessageKind;
  readonly #frames = new FrameReader();
  readonly #maxFieldSectionBytes: number;
  #awaits: "fields" | "content" | "end" = "fields";

  /** @param options.maxFieldSectionBytes limit as encoded and as RFC 9114 §4.2.2 counts. */
  constructor(kind: MessageKind, options: { readonly maxFieldSectionBytes: number }) {
    this.#kind = kind;
    this.#maxFieldSectionBytes = options.maxFieldSectionBytes;
  }

  /** Memory held until a field section is complete, in bytes. */
  get heldBytes(): number {
    return this.#frames.heldBytes;
  }

  /** Takes the next bytes of the stream. After a fault it reads no more, and returns the fault again. */
  push(bytes: Uint8Array, on: MessageHandler): Http3Fault | undefined {
    return this.#frames.push(bytes, {
      begin: (type, length) => this.#begin(type, length),
      piece: (piece) => on.data(piece),
      whole: (_, section) => this.#readSection(section, on),
    });
  }

  /** Takes the end of the stream, if it was not reset. */
  end(): Http3Fault | undefined {
    // RFC 9114 §7.1
    if (!this.#frames.isBetweenFrames) return connectionFault(http3Code.frameError, "a frame is cut short");
    return this.#awaits === "fields" ? this.#kind.emptyFault : undefined;
  }

  #begin(type: number, length: number): PayloadUse | Http3Fault {
    if (type === frameType.data && this.#awaits === "content") return "pass";
    if (type === frameType.headers && this.#awaits !== "end") {
      if (length <= this.#maxFieldSectionBytes) return "keep";
      return this.#refuse(tooManyFields);
    }
    if (!isReservedFrame(type)) return "skip";
    const { name } = this.#kind;
    // RFC 9114 §7.2.5: no push ID is allowed.
    if (type === frameType.pushPromise && name === "response")
      return connectionFault(http3Code.idError, "a push was promised, which is not allowed");
    return connectionFault(
      http3Code.frameUnexpected,
      `a frame of type ${type} came instead of a ${name}'s ${this.#awaits}`,
    );
  }

  #readSection(section: Uint8Array, on: MessageHandler): Http3Fault | undefined {
    const isTrailer = this.#awaits === "content";
    const pseudoFields = isTrailer ? noPseudoFields : this.#kind.pseudoFields;
    const decoded = decodeFieldSection(section, { maxBytes: this.#maxFieldSectionBytes, pseudoFields });
    if (!("fields" in decoded)) return this.#refuse(decoded);
    if (isTrailer) this.#awaits = "end";
    else return this.#readHead(decoded.fields, section.length, on);
    return undefined;
  }

  #readHead(fields: Fields, bytes: number, on: MessageHandler): Http3Fault | undefined {
    const verdict = this.#kind.judge(fields);
    if (typeof verdict !== "string") return verdict;
    if (verdict === "interim") return undefined;
    this.#awaits = "content";
    on.fields(fields, bytes);
    return undefined;
  }

  /** Removes the status of a fault in trailers, which comes too late for an answer. */
  #refuse(fault: Http3Fault): Http3Fault {
    const { scope, code, why } = fault;
    return this.#awaits === "fields" ? fault : { scope, code, why };
  }
}
