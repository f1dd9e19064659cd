/**
 * The application protocol of `quicpipe ping`: the accepter sends back what the dialer sends, each datagram by itself and each
 * bidirectional stream as it is.
 */
export const pingProtocol = "ping";

/** The note of a ping's dial. An accepter that has its one peer tells by it, before it takes the dial, that this is no other. */
export const pingNote = "ping";

/**
 * Bytes of a ping: its number, in network order, and zeros. With fewer than `defaults.leastDataBytes` a direct path counts as unused
 * after a while, and its packets take the relay as well.
 */
export const pingBytes = 320;

export function encodePing(seq: number): Uint8Array {
  const bytes = Buffer.alloc(pingBytes);
  bytes.writeUInt32BE(seq);
  return bytes;
}

/** Returns the number of a ping that has come back; `undefined` if it is none. */
export function parsePing(bytes: Uint8Array): number | undefined {
  return bytes.length === pingBytes ? Buffer.from(bytes).readUInt32BE() : undefined;
}
