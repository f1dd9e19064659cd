import { http3Code } from "./fault.ts";
import { type MessageKind, MessageReader } from "./message-reader.ts";

const request: MessageKind = {
  name: "request",
  // RFC 9114 §4.3.1
  pseudoFields: new Set([":method", ":scheme", ":authority", ":path"]),
  emptyFault: {
    scope: "stream",
    code: http3Code.requestIncomplete,
    why: "a request ended before its fields",
  },
  // Whoever makes a `Request` of them judges the fields.
  judge: () => "final",
};

/** Reads a request. Fields that are too long are answered with 431. */
export class RequestReader extends MessageReader {
  constructor(options: { readonly maxFieldSectionBytes: number }) {
    super(request, options);
  }
}
