/** One request to the relay. */
export interface HttpRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** Path and query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  /** How long the answer may take, in ms. */
  readonly timeoutMs: number;
  /** How much of that the relay was asked to wait, in ms: it waits anew where the request is made again. */
  readonly waitMs?: number | undefined;
  /** How long the answer's body may be; `defaults.maxAnswerBytes` if absent. */
  readonly maxAnswerBytes?: number | undefined;
  /** Whether it may be made again where it may have been carried out already. */
  readonly isIdempotent: boolean;
  /** Gives the request up. */
  readonly signal?: AbortSignal | undefined;
}

/** Its answer. */
export interface HttpResponse {
  readonly status: number;
  /** Lower-case names; repeated fields are joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** Whatever carries requests to the relay: HTTP/3 over the peer's own socket, or a fake in tests. */
export interface Http {
  /**
   * @throws ERR_QUICPIPE_RELAY_UNREACHABLE if no answer comes in time or the session is lost.
   */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Ends the session; resolves when that is done. Idempotent. */
  close(): Promise<void>;
}
