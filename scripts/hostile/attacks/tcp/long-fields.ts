import { fieldBlock, frame, frameFlag, frameType, stringLength } from "../../clients/raw-http2.ts";

/** Returns the frames of a flood's batch, counted from 0. */
export type Flood = (turn: number) => Buffer[];

/** Requests per batch: as many as may be open. */
const batch = 100;

const request = fieldBlock([
  [":method", "GET"],
  [":scheme", "https"],
  [":path", "/v1/openapi.json"],
  [":authority", "localhost"],
]);
const name = "x-long";
const value = "y".repeat(3900);
/** With incremental indexing (RFC 7541 §6.2.1): the field becomes the first of the dynamic table. */
const entered = Buffer.concat([Buffer.of(0x40), fieldBlock([[name, value]]).subarray(1)]);
/** An indexed field (RFC 7541 §6.1): the first of the dynamic table. */
const named = 0x80 | 62;
/** Zeros are the shortest code, of five bits, and 8000 bytes of them 12 800 characters. */
const coded = Buffer.concat([
  fieldBlock([[name, ""]]).subarray(0, -1),
  stringLength(8000, 0x80),
  Buffer.alloc(8000),
]);

/** Returns a flood of requests with further fields. @param first fields of the first request. */
function requests(more: Buffer, first: Buffer = more): Flood {
  const flags = frameFlag.endHeaders | frameFlag.endStream;
  return (turn) =>
    Array.from({ length: batch }, (_, i) => {
      const fields = turn === 0 && i === 0 ? first : more;
      return frame(frameType.headers, flags, 2 * (turn * batch + i) + 1, Buffer.concat([request, fields]));
    });
}

/** Requests with header fields of up to 16 KB once they are decoded. Each kind makes the client send fewer bytes for them. */
export const longFields: Readonly<Record<"literal" | "coded" | "named" | "namedOften", Flood>> = {
  literal: requests(fieldBlock(Array.from({ length: 4 }, () => [name, value] as const))),
  coded: requests(coded),
  named: requests(Buffer.alloc(4, named), entered),
  // More than is read of a request.
  namedOften: requests(Buffer.alloc(1000, named), entered),
};
