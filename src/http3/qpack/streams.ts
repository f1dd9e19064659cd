import { connectionFault, type Http3Fault, qpackCode } from "../fault.ts";

/** Set Dynamic Table Capacity (RFC 9204 §4.3.1) to 0. */
const setCapacityZero = 0x20;

/** A QPACK encoder stream. Only one instruction is valid with a dynamic table of no bytes (RFC 9204 §3.2.2). */
export class QpackEncoderStream {
  push(bytes: Uint8Array): Http3Fault | undefined {
    if (bytes.every((byte) => byte === setCapacityZero)) return undefined;
    return connectionFault(qpackCode.encoderStreamError, "a dynamic table is not offered");
  }
}

/** Longest Stream Cancellation, in bytes: 6 bits of a stream ID, then the rest of its 62 (RFC 9204 §4.1.1). */
const maxCancellationBytes = 10;

/**
 * A QPACK decoder stream. This side inserts nothing, so only Stream Cancellation (RFC 9204 §4.4) is valid, which
 * changes nothing.
 */
export class QpackDecoderStream {
  /** Bytes of the current instruction. */
  #bytes = 0;

  push(bytes: Uint8Array): Http3Fault | undefined {
    if (bytes.every((byte) => this.#takes(byte))) return undefined;
    return connectionFault(qpackCode.decoderStreamError, "nothing was inserted that could be acknowledged");
  }

  #takes(byte: number): boolean {
    const isFirst = this.#bytes === 0;
    // The ID continues if all 6 bits of the first byte are set, then while the highest bit is.
    const goesOn = isFirst ? (byte & 0x3f) === 0x3f : byte >= 0x80;
    this.#bytes = goesOn ? this.#bytes + 1 : 0;
    return isFirst ? byte >> 6 === 0b01 : this.#bytes < maxCancellationBytes;
  }
}
