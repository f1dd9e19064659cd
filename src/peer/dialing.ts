import * as defaults from "../defaults/index.ts";
import { isQuicpipeError, QuicpipeError } from "../errors.ts";
import type { MailboxSendRequest, MessageState, SentMessage } from "../protocol.ts";
import { type Alpn, requireAlpn } from "./alpn.ts";
import { abandonAttempt, beginAttempt, connect, type PeerContext, register, within } from "./connecting.ts";
import type { Connection } from "./connection/connection.ts";
import { createDeadline } from "./time/deadline.ts";
import { namesOf, requireOptions } from "../option-checks.ts";
import { numberIn } from "./options.ts";
import { patiently, type Patience } from "./relay/patience.ts";
import { pause } from "./time/pause.ts";
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
  /** Text for the recipient, at most 512 bytes. */
  readonly note?: string | undefined;
  /** Time limit of the whole dial, in ms, 100 to 3 600 000; 30 000 if absent. */
  readonly timeoutMs?: number | undefined;
  /** Aborts the dial; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const optionNames = namesOf<DialOptions>({
  pin: true,
  trust: true,
  alpn: true,
  note: true,
  timeoutMs: true,
  signal: true,
});

/** Progress of a dial, for the error if it comes no further. */
interface Progress {
  step: "registering" | "sending" | "delivered" | MessageState;
  fault: QuicpipeError | undefined;
  /** The refusal for which the dial is waiting to ask the relay again. */
  refusal: QuicpipeError | undefined;
}

/** Makes a connection to another peer. The caller closes it. */
export async function dial(
  context: PeerContext,
  target: DialTarget,
  options: DialOptions,
): Promise<Connection> {
  requireOptions("", options, optionNames);
  return await context.telemetry.dial((trace) => attemptDial(within(context, trace), target, options));
}

async function attemptDial(
  context: PeerContext,
  target: DialTarget,
  options: DialOptions,
): Promise<Connection> {
  const policy = createTrustPolicy(chosenTrust(options, context.settings.trust));
  const alpn = requireAlpn(options.alpn, context.settings.alpn);
  const timeoutMs = numberIn("timeoutMs", options.timeoutMs, 100, 3_600_000, defaults.dialTimeoutMs);
  const remoteName = typeof target === "string" ? target : undefined;
  const attempt = beginAttempt(context);
  // The engine's idle timer starts with the first flight, which may wait as long as the dial does.
  const idleTimeoutMs = Math.max(context.settings.idleTimeoutMs, timeoutMs);
  const made = connect(context, attempt, { role: "client", policy, remoteName, alpn, idleTimeoutMs });
  const { session } = made;
  const { ready } = session.milestones;
  const packets = session.firstFlight();
  const progress: Progress = { step: "registering", fault: undefined, refusal: undefined };
  const timeUp = (): QuicpipeError => progress.refusal ?? timeoutError(target, timeoutMs, progress);
  const deadline = createDeadline(timeoutMs, timeUp, options.signal);
  const patience: Patience = {
    deadlineMs: performance.now() + timeoutMs,
    signal: deadline.signal,
    onWait: (refusal) => void (progress.refusal = refusal),
  };
  const reach = async (): Promise<void> => {
    await patiently(() => register(context, attempt), patience);
    // Too late: the dial has ended already.
    if (deadline.signal.aborted) return deadline.expired;
    progress.step = "sending";
    if (typeof target !== "string") {
      await target.deliver(packets);
      progress.step = "delivered";
      return ready;
    }
    await reachByMailbox(
      context,
      session,
      { recipient: target, packets, note: options.note, timeoutMs },
      progress,
      patience,
    );
  };
  try {
    await Promise.race([reach(), ready, deadline.expired]);
    return made.connection;
  } catch (error) {
    abandonAttempt(context, attempt, isQuicpipeError(error) ? error : abortedError(error));
    throw error;
  } finally {
    deadline.clear();
  }
}

/** A first flight on its way through the mailbox. */
interface Letter {
  readonly recipient: string;
  readonly packets: readonly Uint8Array[];
  readonly note: string | undefined;
  readonly timeoutMs: number;
}

async function reachByMailbox(
  { relay, settings }: PeerContext,
  session: QuicConnection,
  { recipient, packets, note, timeoutMs }: Letter,
  progress: Progress,
  patience: Patience,
): Promise<void> {
  const request: MailboxSendRequest = {
    packets: packets.map((packet) => Buffer.from(packet).toString("base64")),
    ...(note !== undefined && { note }),
    ttlMs: Math.max(defaults.minMessageTtlMs, Math.min(timeoutMs, defaults.maxMessageTtlMs)),
  };
  const message = requireSent(await patiently(() => relay.send(recipient, request), patience));
  progress.step = message.state;
  try {
    const { signal } = patience;
    const watched = watch(
      session,
      progress,
      async () => requireSent(await relay.sentMessage(message.id)),
      signal,
    );
    const { ready } = session.milestones;
    await Promise.race([ready, watched.then(() => ready)]);
  } finally {
    // The dial has ended without an answer, so the recipient need not see the message.
    if (session.silent) relay.recall(message.id).catch(settings.onError);
  }
}

/**
 * Follows the state of the message until a packet comes from the other peer. The engine's timers stand still meanwhile,
 * as the delay of the mailbox is not loss. Once the message is taken, the relay routes this peer's initial DCID to the
 * recipient. If no packet has come a second later, the recipient's flight was lost and has used up the limit for an
 * unvalidated address (RFC 9000 §8.1). Then only a retransmission by this peer gets the handshake going again
 * (RFC 9002 §6.2.2.1).
 */
async function watch(
  session: QuicConnection,
  progress: Progress,
  look: () => Promise<SentMessage>,
  signal: AbortSignal,
): Promise<void> {
  while (session.silent && !signal.aborted) {
    await pause(defaults.dialStatusMs, signal);
    if (!session.silent || signal.aborted) return;
    if (progress.step === "taken") return session.retransmit();
    try {
      progress.step = (await look()).state;
    } catch (error) {
      // The relay may come back before the deadline. If not, this error is the cause of the timeout.
      if (isQuicpipeError(error)) progress.fault = error;
    }
    if (progress.step === "expired") throw expiredError();
  }
}

const seen: Readonly<Record<Progress["step"], string>> = {
  registering: "the relay has not registered this peer",
  sending: "the message did not get to the mailbox",
  delivered: "the first packets were handed over and nothing came back",
  queued: "the message is still in its mailbox, so nobody accepts by that name at this relay",
  taken: "it took the message and nothing came back",
  expired: "the message expired in its mailbox",
};

function timeoutError(target: DialTarget, timeoutMs: number, { step, fault }: Progress): QuicpipeError {
  const name = typeof target === "string" ? target : "the other peer";
  return new QuicpipeError(
    "ERR_QUICPIPE_DIAL_TIMEOUT",
    `${name} did not answer within ${timeoutMs / 1000} s: ${seen[step]}`,
    { cause: fault, details: { step, timeoutMs } },
  );
}

function expiredError(): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_DIAL_TIMEOUT", `the other peer did not answer: ${seen.expired}`, {
    details: { step: "expired" },
  });
}

function abortedError(cause: unknown): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_CONNECTION_CLOSED", "the dial was given up", { cause });
}
