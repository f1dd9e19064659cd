import * as defaults from "../../defaults/index.ts";
import { isQuicpipeError, QuicpipeError, type QuicpipeErrorCode, tokenRefusals } from "../../errors.ts";
import type { WaitingMessage } from "../../protocol.ts";
import type { PeerStatus } from "../status.ts";
import type { RelayClient } from "./client.ts";

/** The parts of a {@link Listening}. */
export interface ListeningParts {
  readonly relay: Pick<RelayClient, "waiting">;
  /** Whether the token may change, so that its refusal is not final. */
  readonly tokenMayChange: boolean;
  /** Receives each change. */
  readonly onStatus: (status: PeerStatus) => void;
}

/** Refusals that a repetition does not change. */
const final: ReadonlySet<QuicpipeErrorCode> = new Set(tokenRefusals);

/** Reports whether the relay would refuse for the same reason for ever. */
export function isFinal({ code }: QuicpipeError, tokenMayChange: boolean): boolean {
  return !tokenMayChange && final.has(code);
}

/** Asks the relay for messages, and knows whether that works. */
export class Listening {
  readonly #parts: ListeningParts;
  #status: PeerStatus = { state: "idle" };

  constructor(parts: ListeningParts) {
    this.#parts = parts;
  }

  /** The status now. Its error is that of the latest attempt. */
  get status(): PeerStatus {
    return this.#status;
  }

  /**
   * Waits for messages by a long poll. As that tells nothing for as long as there is no message, it asks without waiting first, until the
   * relay has answered.
   *
   * @throws the errors of {@link RelayClient.waiting}, and ERR_QUICPIPE_INTERNAL for any other, such as of a function that gives the token.
   */
  async poll(signal: AbortSignal): Promise<readonly WaitingMessage[]> {
    const { relay } = this.#parts;
    try {
      if (this.#status.state === "idle") this.#change({ state: "connecting" });
      const found = this.#status.state === "listening" ? [] : await relay.waiting(0, signal);
      this.#change({ state: "listening" });
      return found.length > 0 ? found : await relay.waiting(defaults.pollSeconds, signal);
    } catch (fault) {
      const error = isQuicpipeError(fault) ? fault : unexpected(fault);
      if (!signal.aborted) this.#fail(error);
      throw error;
    }
  }

  /** Nobody iterates any more. */
  close(): void {
    this.#change({ state: "idle" });
  }

  #fail(error: QuicpipeError): void {
    const state = isFinal(error, this.#parts.tokenMayChange) ? "ended" : "failing";
    this.#change({ state, error });
  }

  /** Takes over a status, and tells it unless it differs in nothing that matters. */
  #change(status: PeerStatus): void {
    const isNews = reasonOf(status) !== reasonOf(this.#status);
    this.#status = status;
    if (isNews) this.#parts.onStatus(status);
  }
}

/** Returns what makes two statuses the same: not the text, which may name another address each time. */
function reasonOf({ state, error }: PeerStatus): string {
  const { status, untrusted, relayCode }: Readonly<Record<string, unknown>> = { ...error?.details };
  return [state, error?.code, status, untrusted, relayCode].join(" ");
}

function unexpected(cause: unknown): QuicpipeError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new QuicpipeError("ERR_QUICPIPE_INTERNAL", `asking for messages failed: ${why}`, { cause });
}
