/** Header fields of a response, with `:status`. */
export type ResponseFields = Record<string, string | string[]>;

/**
 * A request's stream as an exchange uses it, whatever the version of HTTP. It emits `data` and `end` for the request's
 * body, `aborted` where that breaks off, `close` at the end of all, and perhaps `error`.
 */
export interface ExchangeStream {
  on(event: "data", listener: (piece: Buffer) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  once(event: "error", listener: (error: Error) => void): unknown;
  once(event: "aborted" | "close" | "end", listener: () => void): unknown;
  respond(fields: ResponseFields): unknown;
  /** @param done called when the client, or at least the system, has taken the piece. */
  write(piece: Buffer, done: (error?: Error | null) => void): unknown;
  end(done: () => void): unknown;
  /** Stops it both ways. @param code of HTTP/3 (RFC 9114 §8.1). */
  close(code: number): unknown;
  /** Has the client send no more for now, or go on; absent where nobody can. */
  hold?(isHeld: boolean): void;
}
