import type { MessageState, SentMessage, WaitingMessage } from "../../protocol.ts";
import type { TraceParent } from "../../wire/traceparent.ts";
import { timestamp } from "../../steady-clock.ts";

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
  /** ms since the epoch. */
  readonly createdAtMs: number;
  /** Time at which it expires if it is not taken, in ms since the epoch. */
  readonly deadlineMs: number;
}

/** Returns the recipient's view of a message that is not taken yet. */
export function waitingMessage({
  id,
  sender,
  note,
  packets,
  createdAtMs,
  deadlineMs,
}: Message): WaitingMessage {
  const sizes = packets.map((packet) => packet.length);
  return { id, sender, note, sizes, createdAt: timestamp(createdAtMs), expiresAt: timestamp(deadlineMs) };
}

/** Returns the sender's view of a message. */
export function sentMessage({ id, recipient, state, createdAtMs, deadlineMs }: Message): SentMessage {
  return { id, recipient, state, createdAt: timestamp(createdAtMs), expiresAt: timestamp(deadlineMs) };
}
