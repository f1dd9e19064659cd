import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import type { HttpRequest, HttpResponse } from "./http.ts";

/** A piece of a response, as the HTTP client emits it. */
export interface AnswerPart {
  readonly headers?: readonly { readonly name: string; readonly value: string }[] | undefined;
  readonly data?: Uint8Array | undefined;
}

/** Size that a header field counts for besides its name and value (RFC 9114 §4.2.2). */
const fieldBytes = 32;

/** One request with a pending response. It accepts no more of the response than its limits allow. */
export class Exchange {
  /** Method and path, for messages. */
  readonly name: string;
  readonly #maxBytes: number;
  readonly #answer = Promise.withResolvers<HttpResponse>();
  readonly #headers = new Map<string, string>();
  /** Has room for more: kept one by one, small pieces would take far more memory than their bytes. */
  #body: Uint8Array = new Uint8Array();
  #status = 0;
  #headerBytes = 0;
  #bodyBytes = 0;

  constructor({ method, path, maxAnswerBytes = defaults.maxAnswerBytes }: HttpRequest) {
    this.name = `${method} ${path}`;
    this.#maxBytes = maxAnswerBytes;
  }

  /** @throws ERR_QUICPIPE_RELAY_REFUSED if the response exceeds a limit; otherwise the error given to {@link fail}. */
  get answer(): Promise<HttpResponse> {
    return this.#answer.promise;
  }

  /** Takes a piece. One that exceeds a limit ends the exchange and is not kept. */
  take({ headers = [], data }: AnswerPart): void {
    for (const { name, value } of headers) this.#headerBytes += fieldBytes + name.length + value.length;
    if (this.#headerBytes > defaults.maxAnswerHeaderBytes)
      return this.fail(tooLong(`headers of the answer to ${this.name}`, defaults.maxAnswerHeaderBytes));
    if (this.#bodyBytes + (data?.length ?? 0) > this.#maxBytes)
      return this.fail(tooLong(`answer to ${this.name}`, this.#maxBytes));
    for (const { name, value } of headers) this.#addHeader(name, value);
    if (data) this.#append(data);
  }

  /** Completes the response. */
  complete(): void {
    this.#answer.resolve({
      status: this.#status,
      headers: this.#headers,
      body: this.#body.subarray(0, this.#bodyBytes),
    });
  }

  fail(error: QuicpipeError): void {
    this.#answer.reject(error);
  }

  #append(data: Uint8Array): void {
    const length = this.#bodyBytes + data.length;
    if (length > this.#body.length) {
      const larger = new Uint8Array(Math.min(this.#maxBytes, Math.max(length, 2 * this.#body.length)));
      larger.set(this.#body.subarray(0, this.#bodyBytes));
      this.#body = larger;
    }
    this.#body.set(data, this.#bodyBytes);
    this.#bodyBytes = length;
  }

  #addHeader(name: string, value: string): void {
    if (name === ":status") this.#status = Number(value);
    const before = this.#headers.get(name);
    this.#headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
}

/** Returns the error for a relay that sends more than the limit allows. */
export function tooLong(what: string, maxBytes: number): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_RELAY_REFUSED",
    `the ${what} is over ${maxBytes} bytes: is a quicpipe relay there?`,
    { details: { maxBytes } },
  );
}
