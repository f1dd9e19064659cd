/** The demand on the other side's certificate in TLS. */
export type CertificateDemand =
  /** A certificate, any. With `isJudged`, packets wait for a judgement of it. */
  | { readonly kind: "any" }
  /** A certificate whose key has one of these pins: the SHA-256 of its SubjectPublicKeyInfo. */
  | { readonly kind: "pins"; readonly pins: readonly Uint8Array[] }
  /** A certificate that one of these PEM certificates issued, or that is one of them. */
  | { readonly kind: "ca"; readonly pem: string }
  /** No certificate is requested of a client, and any of a server will do. */
  | { readonly kind: "none" };

/** Options of one connection. */
export interface EngineOptions {
  /** Key of this side's connection IDs, 16 to 64 bytes. They are those of the numbers 1, 2, 3 … of the key. */
  readonly cidKey: Uint8Array;
  /** How many of them may be used, until {@link EngineConnection.raiseCidLimit}. */
  readonly cidLimit: number;
  /** Certificate chain and private key of this side, PEM. Required for a server; a client presents it on request. */
  readonly identity?: { readonly certificate: string; readonly privateKey: string } | undefined;
  readonly demand: CertificateDemand;
  /** Whether packets wait, once the other side's certificate is known, until {@link EngineConnection.judge}. */
  readonly isJudged: boolean;
  /** Application protocols, in the order of preference (RFC 7301). */
  readonly alpn: readonly string[];
  /** Silence after which the connection ends, in ms. The shorter one of both sides counts (RFC 9000 §10.1). */
  readonly idleTimeoutMs: number;
  /** Largest UDP payload to send, 1200 to 1472 bytes. Packets grow to it as far as probes arrive (RFC 8899). */
  readonly maxUdpPayloadBytes: number;
  readonly flowWindowBytes: number;
  /** Flow control window of the connection, if it differs from that of each stream. */
  readonly connectionWindowBytes?: number;
  readonly maxStreams: number;
  /** Bytes of datagrams that wait in either direction. */
  readonly datagramQueueBytes: number;
  /** Incoming datagrams that wait; none if absent. Of more, the oldest are dropped. */
  readonly datagramQueue?: number;
  /**
   * Whether a client's first flight may take two datagrams, so that there is room for a key share of X25519MLKEM768, which no
   * quantum computer is known to break; not if absent.
   */
  readonly longFirstFlight?: boolean;
  /** File to append the secrets of TLS to. */
  readonly keyLogFile?: string | undefined;
  /** Folder to write a qlog file to. */
  readonly qlogFolder?: string | undefined;
  /** Paths that may be open at once, if the other side takes several too; 1 if absent. */
  readonly maxPaths?: number;
}
