import { responsePieceBytes } from "../../defaults/index.ts";
import type { RequestBudget } from "../budget/request.ts";
import type { ExchangeStream, ResponseFields } from "./stream.ts";
import type { Outbox, Piece } from "./outbox.ts";
import type { Pace } from "./patience.ts";
import { sizeOf } from "./request-head.ts";
import { hasBody } from "./response-head.ts";

/** Options of a {@link ResponseWriter}. */
export interface ResponseWriterOptions {
  readonly stream: ExchangeStream;
  readonly budget: Pick<RequestBudget, "take" | "give">;
  /** Reports what has been sent; absent over TCP, whose streams report it themselves. */
  readonly outbox: Outbox | undefined;
  /** Tracks the waits for the client, and the bytes that it took. */
  readonly pace: Pace | undefined;
  /** Called when a wait for the app begins or ends. */
  readonly onWait: (isWaiting: boolean) => void;
  /** Called when everything handed over has been sent. */
  readonly onSent: () => void;
  readonly now: () => number;
}

/** Thrown when a response meets a limit. */
export class OverBudget extends Error {}

/** Writes one response to a stream, piece by piece as the client takes it. */
export class ResponseWriter {
  readonly #options: ResponseWriterOptions;
  readonly #pieces = new Set<Piece>();
  /** Cancels the rest of the app's body. */
  #cancel: ((reason: unknown) => Promise<void>) | undefined;
  /** Why the response was abandoned. */
  #abandonedFor: Error | undefined;

  constructor(options: ResponseWriterOptions) {
    this.#options = options;
  }

  /** Whether everything written has been sent. */
  get isSent(): boolean {
    return this.#pieces.size === 0;
  }

  /**
   * Resolves when the library has all of it.
   *
   * @throws OverBudget; any error of the response's body; an error of the stream, whose client has then gone.
   */
  async write(response: Response, fields: ResponseFields, method: string | undefined): Promise<void> {
    // Async, because an app may give anything as a body, and one without `cancel` must not throw here.
    this.#cancel = async (reason) => response.body?.cancel(reason);
    await this.#handOver(sizeOf(fields).bytes, () => undefined);
    this.#options.stream.respond(fields);
    // Over TCP the client takes the head with what follows. Until then the wait is for the app, which may take its time.
    this.#options.pace?.stop(this.#options.now());
    if (hasBody(response, method)) await this.#writeBody(response.body!);
    else await response.body?.cancel();
    this.#options.pace?.start(this.#options.now());
    await new Promise<void>((resolve, reject) => {
      this.#options.stream.once("error", reject);
      this.#options.stream.end(resolve);
    });
  }

  /** Cancels a body that the client no longer takes, and gives back what is held. Idempotent. */
  abandon(reason: Error): void {
    this.#abandonedFor = reason;
    for (const piece of this.#pieces) this.#options.outbox?.remove(piece);
    this.#pieces.clear();
    // An error from cancelling does no harm.
    this.#cancel?.(reason).catch(() => undefined);
  }

  async #writeBody(body: ReadableStream<unknown>): Promise<void> {
    const reader = body.getReader();
    this.#cancel = async (reason) => reader.cancel(reason);
    for (;;) {
      this.#options.onWait(true);
      const { done, value } = await reader.read();
      this.#options.onWait(false);
      if (done) break;
      const bytes = toBytes(value);
      this.#take(bytes.length);
      for (let at = 0; at < bytes.length; at += responsePieceBytes)
        await this.#writePiece(bytes.subarray(at, at + responsePieceBytes));
    }
    this.#cancel = undefined;
  }

  async #writePiece(bytes: Buffer): Promise<void> {
    const { stream, budget, outbox } = this.#options;
    const give = (sent: number): void => budget.give("unsent", sent);
    await this.#handOver(bytes.length, give);
    await new Promise<void>((resolve, reject) => {
      stream.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
    if (!outbox) this.#sent(bytes.length, give);
  }

  #take(bytes: number): void {
    if (!this.#options.budget.take("unsent", bytes)) throw new OverBudget("a client takes too little");
  }

  /** Resolves when the library may be given `bytes`. */
  async #handOver(bytes: number, give: (bytes: number) => void): Promise<void> {
    const { outbox, pace, now } = this.#options;
    pace?.start(now());
    const piece: Piece = {
      bytes,
      onSent: (sent) => {
        if (piece.bytes === 0) this.#pieces.delete(piece);
        this.#sent(sent, give);
      },
    };
    if (outbox && !this.#abandonedFor) {
      this.#pieces.add(piece);
      await outbox.add(piece);
    }
    if (!this.#abandonedFor) return;
    // Abandoned meanwhile; the outbox may have added the piece since.
    outbox?.remove(piece);
    throw this.#abandonedFor;
  }

  #sent(bytes: number, give: (bytes: number) => void): void {
    const { pace, now, onSent } = this.#options;
    give(bytes);
    pace?.move(bytes, now());
    if (!this.isSent) return;
    pace?.rest();
    onSent();
  }
}

/** Converts a body's piece to bytes. Text, which some bodies consist of, becomes UTF-8. */
function toBytes(value: unknown): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return Buffer.from(String(value));
}
