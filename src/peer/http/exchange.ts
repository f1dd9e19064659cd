import * as defaults from "../../defaults/index.ts";
import { QuicpipeError } from "../../errors.ts";
import type { HttpRequest, HttpResponse } from "./http.ts";

/** A piece of an answer, as the HTTP/3 client hands it out. */
export interface AnswerPart {
  readonly headers?: readonly { readonly name: string; readonly value: string }[] | undefined;
  readonly data?: Uint8Array | undefined;
}

/** What a header field counts for beside its name and value (RFC 9114 §4.2.2). */
const fieldBytes = 32;

/** One request whose answer is on its way, and which takes no more of it than it may. */
export class Exchange {
  readonly maxBytes: number;
  readonly #name: string;
  readonly #answer = Promise.withResolvers<HttpResponse>();
  readonly #headers = new Map<string, string>();
  /** With room for more: a piece as such would take far more memory than a byte. */
  #body: Uint8Array = new Uint8Array();
  #status = 0;
  #headerBytes = 0;
  #bodyBytes = 0;

  constructor({ method, path, maxAnswerBytes = defaults.maxAnswerBytes }: HttpRequest) {
    this.#name = `${method} ${path}`;
    this.maxBytes = maxAnswerBytes;
  }

  /** @throws ERR_QUICPIPE_RELAY_REFUSED if it is longer than it may be; otherwise whatever {@link fail} was told. */
  get answer(): Promise<HttpResponse> {
    return this.#answer.promise;
  }

  /** Takes a piece; one that is too much ends the exchange, and is not kept. */
  take({ headers = [], data }: AnswerPart): void {
    for (const { name, value } of headers) this.#headerBytes += fieldBytes + name.length + value.length;
    if (this.#headerBytes > defaults.maxAnswerHeaderBytes)
      return this.fail(tooLong(`headers of the answer to ${this.#name}`, defaults.maxAnswerHeaderBytes));
    if (this.#bodyBytes + (data?.length ?? 0) > this.maxBytes)
      return this.fail(tooLong(`answer to ${this.#name}`, this.maxBytes));
    for (const { name, value } of headers) this.#addHeader(name, value);
    if (data) this.#append(data);
  }

  /** The answer is complete. */
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
      const larger = new Uint8Array(Math.min(this.maxBytes, Math.max(length, 2 * this.#body.length)));
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

/** The error for a relay that sends more than anybody asked for. */
export function tooLong(what: string, maxBytes: number): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_RELAY_REFUSED",
    `the ${what} is over ${maxBytes} bytes: is a quicpipe relay there?`,
    { details: { maxBytes } },
  );
}
