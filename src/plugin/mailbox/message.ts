import type { MessageState, SentMessage, WaitingMessage } from "../../protocol.ts";
import type { TraceParent } from "../../wire/traceparent.ts";
import { timestamp } from "../../steady-clock.ts";

/** What a message carries and between whom. */
export interface MessageContent {
  readonly sender: string;
  readonly recipient: string;
  readonly note: string | null;
  readonly packets: readonly Uint8Array[];
  /** Destination connection ID of the Initial among the packets. */
  readonly destinationId: Uint8Array;
  /** Id of the sender's registration at the address that it sent from, if known. */
  readonly from: string | undefined;
  /** Where the message stands in traces. */
  readonly trace: MessageTrace;
}

/** Where a message comes from, for whoever follows it through traces. */
export interface MessageTrace {
  /** The sender's `traceparent`, for the recipient. */
  readonly traceparent: string | undefined;
  /** The relay's own span of the send. */
  readonly sent: TraceParent | undefined;
}

/** A message that waits, or whose end its sender can still see. */
export interface Message extends MessageContent {
  readonly id: string;
  readonly state: MessageState;
  /** ms since the epoch. */
  readonly createdAtMs: number;
  /** When it stops waiting if nobody takes it, ms since the epoch. */
  readonly deadlineMs: number;
}

/** What the recipient sees of a message before it takes it. */
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

/** What the sender sees of a message. */
export function sentMessage({ id, recipient, state, createdAtMs, deadlineMs }: Message): SentMessage {
  return { id, recipient, state, createdAt: timestamp(createdAtMs), expiresAt: timestamp(deadlineMs) };
}
