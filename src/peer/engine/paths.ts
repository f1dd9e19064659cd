/** Who ended a connection or a path; `silence` if nothing came for too long (RFC 9000 §10.1). */
export type EndedBy = "this" | "other" | "silence";

/** The reason why no path is opened. Only a client opens paths. */
export type PathRefusal = "no-multipath" | "server" | "limit" | "no-connection-ids";

/** A path of a connection, and its figures since it was opened. */
export interface EnginePath {
  readonly id: number;
  /** Whether this side sends by it only if there is no other. */
  readonly isBackup: boolean;
  /** Round-trip time in ms (RFC 9002 §5.3). */
  readonly smoothedRtt: number;
  readonly congestionWindowBytes: number;
  /** Size up to which packets have arrived (RFC 8899). */
  readonly udpPayloadBytes: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  /** ms since the last acknowledgement while packets wait for one, or since the first of them was sent; 0 if none waits. */
  readonly unansweredMs: number;
}

/** What happens to a path. */
export type PathEvent =
  | { readonly kind: "opened"; readonly id: number }
  | { readonly kind: "closed"; readonly id: number; readonly by: EndedBy }
  /** The other side's preference. This side's stays as it is. */
  | { readonly kind: "preferred"; readonly id: number; readonly isBackup: boolean }
  /**
   * Its packets go unanswered for a probe timeout (RFC 9002 §6.2.1), 60 ms at least. Told again after each further one, 16 times
   * at most, and only while several paths are open.
   */
  | { readonly kind: "stalled"; readonly id: number };
