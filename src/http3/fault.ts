/** An error of the client. Its stream or its whole connection ends with `code`. */
export interface Http3Fault {
  readonly scope: "stream" | "connection";
  /** RFC 9114 §8.1 or RFC 9204 §6. */
  readonly code: number;
  readonly why: string;
  /** Status that a request may be answered with before its stream ends (RFC 9114 §4.1.2 and §4.2.2). */
  readonly status?: 400 | 431;
}

export function connectionFault(code: number, why: string): Http3Fault {
  return { scope: "connection", code, why };
}
