import { connectionFault, http3Code, type Http3Fault } from "./fault.ts";
import { decodeFieldSection } from "./qpack/field-section.ts";
import { type Fields, tooManyFields } from "./fields.ts";
import { FrameReader, type PayloadUse } from "./frame-reader.ts";
import { frameType, isReservedFrame } from "./frame-types.ts";

/** Receives the parts of a request. */
export interface RequestHandler {
  /**
   * The header fields, once and first.
   *
   * @param bytes their encoded size, which may be a hundredth of the decoded one.
   */
  fields(fields: Fields, bytes: number): void;
  /** Part of the content: a view of the pushed bytes, never empty. */
  data(piece: Uint8Array): void;
}

/**
 * Reads the frames of a request stream: HEADERS, any DATA, and optionally HEADERS with trailers (RFC 9114 §4.1). Trailers are
 * checked but not passed on, because a `Request` has none. Only a field section is kept until it is complete.
 */
export class RequestReader {
  readonly #frames = new FrameReader();
  readonly #maxFieldSectionBytes: number;
  #awaits: "fields" | "content" | "end" = "fields";

  /** @param options.maxFieldSectionBytes limit as encoded and as RFC 9114 §4.2.2 counts. Longer sections are answered with 431. */
  constructor(options: { readonly maxFieldSectionBytes: number }) {
    this.#maxFieldSectionBytes = options.maxFieldSectionBytes;
  }

  /** Memory held until a field section is complete, in bytes. */
  get heldBytes(): number {
    return this.#frames.heldBytes;
  }

  /** Takes the next bytes of the stream. After a fault it reads no more, and returns the fault again. */
  push(bytes: Uint8Array, on: RequestHandler): Http3Fault | undefined {
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
    if (this.#awaits !== "fields") return undefined;
    return { scope: "stream", code: http3Code.requestIncomplete, why: "a request ended before its fields" };
  }

  #begin(type: number, length: number): PayloadUse | Http3Fault {
    if (type === frameType.data && this.#awaits === "content") return "pass";
    if (type === frameType.headers && this.#awaits !== "end") {
      if (length <= this.#maxFieldSectionBytes) return "keep";
      return this.#refuse(tooManyFields);
    }
    if (!isReservedFrame(type)) return "skip";
    return connectionFault(
      http3Code.frameUnexpected,
      `a frame of type ${type} came instead of a request's ${this.#awaits}`,
    );
  }

  #readSection(section: Uint8Array, on: RequestHandler): Http3Fault | undefined {
    const isTrailer = this.#awaits === "content";
    const decoded = decodeFieldSection(section, { maxBytes: this.#maxFieldSectionBytes, isTrailer });
    if (!("fields" in decoded)) return this.#refuse(decoded);
    this.#awaits = isTrailer ? "end" : "content";
    if (!isTrailer) on.fields(decoded.fields, section.length);
    return undefined;
  }

  /** Removes the status of a fault in trailers, which comes too late for an answer. */
  #refuse(fault: Http3Fault): Http3Fault {
    const { scope, code, why } = fault;
    return this.#awaits === "fields" ? fault : { scope, code, why };
  }
}
