/** Header fields of a response, including `:status`. */
export type ResponseFields = Record<string, string | string[]>;

/** Returns the header fields of every response to a client that asked for `authority`. */
export type FieldsFor = (authority: string | undefined) => ResponseFields;

/**
 * A request's stream as an exchange uses it, for any version of HTTP. It emits `data` and `end` for the request's body,
 * `aborted` if that breaks off, `close` at the very end, and possibly `error`.
 */
export interface ExchangeStream {
  on(event: "data", listener: (piece: Buffer) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  once(event: "error", listener: (error: Error) => void): unknown;
  once(event: "aborted" | "close" | "end", listener: () => void): unknown;
  respond(fields: ResponseFields): unknown;
  /** @param done called when the client, or at least the system, has taken the piece; over HTTP/3 at once. */
  write(piece: Buffer, done: (error?: Error | null) => void): unknown;
  end(done: () => void): unknown;
  /**
   * Stops it both ways.
   *
   * @param code HTTP/3 error code (RFC 9114 §8.1).
   */
  close(code: number): unknown;
  /** Pauses or resumes the client; absent if the transport cannot. */
  hold?(isHeld: boolean): void;
}
