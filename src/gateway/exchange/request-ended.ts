/**
 * Reason why a request, or a response, breaks off under its app: its client's doing, and no fault of the app. h3 takes it for an
 * `HTTPError` that the app threw, by name, status and `toJSON`, and is silent about it. Of any other error h3 prints the stack,
 * and a client may cause as many as it likes.
 */
export class RequestEnded extends Error {
  override readonly name: string = "HTTPError";
  /** The code of Node's own `AbortError`. */
  readonly code: string = "ABORT_ERR";
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }

  toJSON(): { readonly status: number; readonly message: string } {
    return { status: this.status, message: this.message };
  }
}

// Created once, because the stack trace says nothing.

/** Its status is the one that web servers log for it. No client gets it. */
export const clientGone: RequestEnded = new RequestEnded("the client has gone", 499);
export const alreadyAnswered: RequestEnded = new RequestEnded("the request has been answered", 503);
export const bodyRefusals: Readonly<Record<"over-budget" | "malformed", RequestEnded>> = {
  "over-budget": new RequestEnded("the request's body is over its budget", 413),
  malformed: new RequestEnded("the request's body has another length than was announced", 400),
};
