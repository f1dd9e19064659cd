import type { MessageState, RefusalReason } from "../../protocol.ts";
import type { TraceParent } from "../../telemetry/index.ts";
import type { Limits } from "../options/limits.ts";

/** The contents of a message, its sender and its recipient. */
export interface MessageContent {
  readonly sender: string;
  readonly recipient: string;
  readonly note: string | null;
  readonly packets: readonly Uint8Array[];
  /** Destination connection ID of the Initial among the packets. */
  readonly destinationId: Uint8Array;
  /** ID of the sender's registration at its source address, if known. */
  readonly from: string | undefined;
  /** Position of the message in traces. */
  readonly trace: MessageTrace;
}

/** Position of a message in traces. */
export interface MessageTrace {
  /** The sender's `traceparent`, for the recipient. */
  readonly traceparent: string | undefined;
  /** The relay's span of the send. */
  readonly sent: TraceParent | undefined;
}

/** A message that waits, or that its sender can still query. */
export interface Message extends MessageContent {
  readonly id: string;
  readonly state: MessageState;
  /** Why its recipient has refused it, if it has. Its state is `expired` then. */
  readonly refused: RefusalReason | undefined;
  /** ms since the epoch. */
  readonly createdAtMs: number;
  /** Time at which it expires if it is not taken, in ms since the epoch. */
  readonly deadlineMs: number;
}

/** Waiting messages and their bytes, and totals of the ended ones since the start. */
export interface MailboxStats {
  readonly queued: number;
  readonly queuedBytes: number;
  readonly taken: number;
  readonly expired: number;
  readonly refused: number;
  readonly recalled: number;
}

/** {@link MailboxStats} as a mailbox keeps them up to date. The relay's own, so that no reader waits for a store. */
export type MailboxCounts = { -readonly [Name in keyof MailboxStats]: number };

/** Returns the counts of a mailbox that is to be opened. */
export function createMailboxCounts(): MailboxCounts {
  return { queued: 0, queuedBytes: 0, taken: 0, expired: 0, refused: 0, recalled: 0 };
}

/** What a mailbox gets from its relay. */
export interface MailboxOptions {
  readonly limits: Limits;
  readonly counts: MailboxCounts;
  /** ms since the epoch, on a clock that neither goes back nor jumps, such as `steadyNow`. */
  readonly now: () => number;
}

/** Opens a mailbox. The relay closes it. */
export type OpenMailbox = (options: MailboxOptions) => Promise<Mailbox>;

/**
 * Messages that wait for their recipients, within the shares of senders. Each is taken once or expires. Its sender can query the
 * outcome for `defaults.messageTombstoneMs` afterwards. A message past its deadline counts as expired.
 */
export interface Mailbox {
  /**
   * Stores a message until it is taken or recalled, or until `ttlMs` have passed.
   *
   * @param account the account whose share it uses: the sender's name, or its address where all clients have one name.
   * @throws ERR_QUICPIPE_SENDER_QUOTA, ERR_QUICPIPE_MAILBOX_FULL, ERR_QUICPIPE_MAILBOX_STORE_FULL
   */
  send(content: MessageContent, ttlMs: number, account: string): Promise<Message>;
  /**
   * Returns the message of the same registration to the same recipient with the same DCID, if one waits or was taken: it is the one
   * that is sent again because its answer was lost.
   *
   * @param account that of {@link send}.
   */
  sentBefore(content: MessageContent, account: string): Promise<Message | undefined>;
  /** Returns the messages that wait for a recipient, oldest first. */
  list(recipient: string): Promise<readonly Message[]>;
  /**
   * Hands a message to its recipient, once.
   *
   * @throws ERR_QUICPIPE_MESSAGE_NOT_FOUND, also if it has expired; ERR_QUICPIPE_MESSAGE_TAKEN
   */
  take(recipient: string, id: string): Promise<MessageContent>;
  /**
   * Ends a waiting message that its recipient will not take, and keeps the reason for its sender.
   *
   * @throws ERR_QUICPIPE_MESSAGE_NOT_FOUND, also if it has expired or was refused; ERR_QUICPIPE_MESSAGE_TAKEN
   */
  refuse(recipient: string, id: string, reason: RefusalReason): Promise<void>;
  /** Returns the sender's view of a message, to `recipient` if given. @throws ERR_QUICPIPE_MESSAGE_NOT_FOUND */
  status(sender: string, id: string, recipient?: string): Promise<Message>;
  /** Recalls a waiting message, or forgets an expired one. @throws ERR_QUICPIPE_MESSAGE_NOT_FOUND, ERR_QUICPIPE_MESSAGE_TAKEN */
  recall(sender: string, id: string, recipient?: string): Promise<void>;
  /**
   * Calls `onChange` soon after each change from now on of the messages that wait for a recipient, until the returned function is
   * called.
   */
  watch(recipient: string, onChange: () => void): () => void;
  /** Stops its timers and frees what it holds. Idempotent. */
  close(): Promise<void>;
}
