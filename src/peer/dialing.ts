import * as defaults from "../defaults/index.ts";
import { type ErrorDetails, isQuicpipeError, QuicpipeError } from "../errors.ts";
import type { MailboxSendRequest, RegisterRequest, SentMessage } from "../protocol.ts";
import { Attempt, type PeerContext, tracedBy } from "./attempt.ts";
import { Connection } from "./connection/connection.ts";
import { createDeadline, type Deadline, requireSignal } from "./time/deadline.ts";
import {
  optionInvalid,
  type OptionTable,
  range,
  requireInteger,
  requireOptions,
  requireText,
} from "../option-checks.ts";
import { type Alpn, requireAlpn, requireDirect } from "./options.ts";
import type { DirectPolicy } from "./path/policy.ts";
import { patiently, type Patience } from "./relay/patience.ts";
import { silenceOf } from "./relay/silence.ts";
import { pause } from "./time/pause.ts";
import { refusedError } from "./refusal.ts";
import { requireSent } from "./relay/answer.ts";
import type { QuicConnection } from "./connection/quic-connection.ts";
import { createTrustPolicy, chosenTrust, type TrustOptions } from "./trust/trust.ts";

/** The peer to dial: a name in the relay's mailbox, or a way to deliver the first packets to it. */
export type DialTarget =
  | string
  | {
      /** Delivers the first flight, 1 to 8 datagrams, to the other peer, which passes them to `peer.accept`. */
      readonly deliver: (packets: readonly Uint8Array[]) => void | Promise<void>;
    };

/** Options of a dial. */
export interface DialOptions extends TrustOptions {
  /** Application protocols to offer; those of the peer's own `alpn` if absent. */
  readonly alpn?: Alpn | undefined;
  /** Direct paths to the other peer; as the peer's own `direct` if absent. */
  readonly direct?: DirectPolicy | undefined;
  /** Text for the recipient, at most 512 bytes. */
  readonly note?: string | undefined;
  /** Time limit of the whole dial, in ms, 100 to 3 600 000; 30 000 if absent. */
  readonly timeoutMs?: number | undefined;
  /** Aborts the dial; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const optionTable: OptionTable<DialOptions> = {
  pin: true,
  trust: true,
  alpn: true,
  direct: true,
  note: true,
  timeoutMs: true,
  signal: true,
};

const timeoutRange = range(100, defaults.dialTimeoutMs, 3_600_000);

type Step = ErrorDetails["ERR_QUICPIPE_DIAL_TIMEOUT"]["step"];

/** Makes a connection to another peer. The caller closes it. */
export async function dial(
  context: PeerContext,
  target: DialTarget,
  options: DialOptions,
): Promise<Connection> {
  requireOptions("dial(…)", options, optionTable);
  requireTarget(target);
  return await context.telemetry.dial((trace) => new Dial(tracedBy(trace, context), target, options).run());
}

/** @throws ERR_QUICPIPE_OPTION_INVALID unless it is a name, which is checked later, or has a function `deliver`. */
function requireTarget(target: unknown): void {
  const canDeliver =
    typeof target === "object" &&
    target !== null &&
    "deliver" in target &&
    typeof target.deliver === "function";
  if (typeof target !== "string" && !canDeliver)
    throw optionInvalid("target", target, "the name of a peer, or { deliver }");
}

class Dial {
  readonly #context: PeerContext;
  readonly #target: DialTarget;
  readonly #note: string | undefined;
  readonly #timeoutMs: number;
  readonly #attempt: Attempt;
  readonly #connection: QuicConnection;
  readonly #packets: readonly Uint8Array[];
  readonly #deadline: Deadline;
  readonly #patience: Patience;
  /** How far the dial has come, for the error if it comes no further. */
  #step: Step = "registering";
  #fault: QuicpipeError | undefined;
  /** The other peer's reason for refusing the message. */
  #refused: string | undefined;
  /** The refusal for which the dial is waiting to ask the relay again. */
  #refusal: QuicpipeError | undefined;

  constructor(context: PeerContext, target: DialTarget, options: DialOptions) {
    const { settings } = context;
    const policy = createTrustPolicy(chosenTrust(options, settings.trust));
    const alpn = requireAlpn(options.alpn, settings.alpn);
    const direct = requireDirect(options.direct, settings.direct);
    const timeoutMs = requireInteger("timeoutMs", options.timeoutMs, timeoutRange);
    const signal = requireSignal(options.signal);
    const remoteName = typeof target === "string" ? target : undefined;
    // The engine's idle timer runs once the first flight is sent again. The other peer may then take as long as the dial does.
    const idleTimeoutMs = Math.max(settings.idleTimeoutMs, timeoutMs);
    this.#context = context;
    this.#target = target;
    this.#note = requireText("note", options.note, "text", () => true);
    this.#timeoutMs = timeoutMs;
    this.#attempt = new Attempt(context, "client");
    this.#connection = this.#attempt.connect({
      policy,
      remoteName,
      alpn,
      direct,
      idleTimeoutMs,
    });
    this.#packets = this.#connection.firstFlight();
    this.#deadline = createDeadline(timeoutMs, () => this.#refusal ?? this.#timeoutError(), signal);
    this.#patience = {
      deadlineMs: performance.now() + timeoutMs,
      signal: this.#deadline.signal,
      onWait: (refusal) => void (this.#refusal = refusal),
    };
  }

  async run(): Promise<Connection> {
    const { ready } = this.#connection.milestones;
    await this.#attempt.run(this.#deadline, () => Promise.race([this.#reach(), ready]));
    return new Connection(this.#connection);
  }

  /** Registers, and brings the first flight to the other peer, which answers by this peer's registration. */
  async #reach(): Promise<void> {
    if (typeof this.#target === "string") await this.#post(this.#target);
    else await this.#hand(this.#target);
    await this.#connection.milestones.ready;
  }

  async #hand(target: Exclude<DialTarget, string>): Promise<void> {
    await patiently(() => this.#attempt.register(), this.#patience);
    // Too late: the dial has ended already.
    if (this.#deadline.signal.aborted) return this.#deadline.expired;
    this.#step = "sending";
    await target.deliver(this.#packets);
    this.#step = "delivered";
  }

  /** Leaves the first flight in the recipient's mailbox, registers with it, and follows it. */
  async #post(recipient: string): Promise<void> {
    const { relay, settings } = this.#context;
    const request: MailboxSendRequest = {
      packets: this.#packets.map((packet) => Buffer.from(packet).toString("base64")),
      ...(this.#note !== undefined && { note: this.#note }),
      ttlMs: Math.max(defaults.minMessageTtlMs, Math.min(this.#timeoutMs, defaults.maxMessageTtlMs)),
    };
    const send = {
      together: async (register: RegisterRequest) =>
        requireSent(await relay.send(recipient, { ...request, register })),
      apart: async () => {
        // Too late: the dial has ended already.
        if (this.#deadline.signal.aborted) return this.#deadline.expired;
        this.#step = "sending";
        return requireSent(await relay.send(recipient, request));
      },
      undo: (sent: SentMessage) => relay.recall(sent.id),
    };
    const { id, state } = await patiently(() => this.#attempt.registerWith(send), this.#patience);
    this.#step = state;
    const { ready } = this.#connection.milestones;
    try {
      await Promise.race([ready, Promise.all([this.#attempt.prove(), this.#watch(id)]).then(() => ready)]);
    } finally {
      // The dial has ended without an answer, so the recipient need not see the message.
      if (this.#connection.silent) relay.recall(id).catch(settings.onError);
    }
  }

  /**
   * Follows the state of the message until a packet comes from the other peer. The engine's timers stand still meanwhile,
   * as the delay of the mailbox is not loss. Once the message is taken, the relay routes this peer's initial DCID to the
   * recipient. If no packet has come a second later, the recipient's flight was lost and has used up the limit for an
   * unvalidated address (RFC 9000 §8.1). Then only a retransmission by this peer gets the handshake going again
   * (RFC 9002 §6.2.2.1).
   */
  async #watch(messageId: string): Promise<void> {
    const { signal } = this.#deadline;
    while (this.#connection.silent && !signal.aborted) {
      await pause(defaults.dialStatusMs, signal);
      if (!this.#connection.silent || signal.aborted) return;
      if (this.#step === "taken") return this.#connection.retransmit();
      await this.#look(messageId);
      if (this.#refused !== undefined) throw refusedError(this.#targetName, this.#refused);
      if (this.#step === "expired") throw expiredError();
    }
  }

  async #look(messageId: string): Promise<void> {
    try {
      const { state, refused } = requireSent(await this.#context.relay.sentMessage(messageId));
      this.#step = state;
      this.#refused = refused;
    } catch (error) {
      // The relay may come back before the deadline. If not, this error is the cause of the timeout.
      if (isQuicpipeError(error)) this.#fault = error;
    }
  }

  get #targetName(): string {
    return typeof this.#target === "string" ? this.#target : "the other peer";
  }

  #timeoutError(): QuicpipeError {
    const name = this.#targetName;
    const { settings } = this.#context;
    const [step, timeoutMs] = [this.#step, this.#timeoutMs];
    const waited = ` within ${timeoutMs / 1000} s`;
    const message =
      step === "registering"
        ? `the relay has not registered this peer: ${silenceOf(settings, settings.addresses, waited)}`
        : `${name} did not answer${waited}: ${seen[step]}`;
    return new QuicpipeError("ERR_QUICPIPE_DIAL_TIMEOUT", message, {
      cause: this.#fault,
      details: { step, timeoutMs },
    });
  }
}

const seen: Readonly<Record<Exclude<Step, "registering">, string>> = {
  sending: "the message did not get to the mailbox",
  delivered: "the first packets were handed over and nothing came back",
  queued:
    "the message is still in its mailbox: check that a peer of that name accepts at this relay, with a token that may register",
  taken: "it took the message and nothing came back",
  expired: "the message expired in its mailbox",
};

function expiredError(): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_DIAL_TIMEOUT", `the other peer did not answer: ${seen.expired}`, {
    details: { step: "expired" },
  });
}
