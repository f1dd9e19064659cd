import { QuicpipeError } from "../../errors.ts";
import {
  type InvitationResponse,
  maxMessagePackets,
  type MailboxTakeResponse,
  type MessageState,
  type RegisterResponse,
  type SentMessage,
  type WaitingMessage,
} from "../../protocol.ts";

/** Longest ID, name or address from a relay, in UTF-16 code units: a name has at most 256 bytes of UTF-8. */
const maxTextLength = 256;

/** Longest token of an invitation, in characters. */
const maxTokenLength = 1024;

const states: readonly MessageState[] = ["queued", "taken", "expired"];

/** Unchecked fields of a response: the relay is not trusted to send the right ones. */
type Fields = Readonly<Record<string, unknown>>;

/** Requires a registration. @throws ERR_QUICPIPE_RELAY_REFUSED otherwise. */
export function requireRegistration(answer: RegisterResponse | undefined): RegisterResponse {
  const { id, secret, address, relay, bound = relay, stunPort }: Fields = { ...answer };
  const areAddresses = isText(relay) && isText(bound) && (address === null || isText(address));
  if (isText(id) && isText(secret) && areAddresses && isPortOrNone(stunPort)) return answer!;
  throw odd("a registration");
}

/**
 * Requires an invitation of the recipient's own. Its sender has the name that no other peer has: a relay that gave it a trusted peer's name
 * would have that peer held to the ticket's key, and shut out.
 *
 * @throws ERR_QUICPIPE_RELAY_REFUSED otherwise.
 */
export function requireInvitation(answer: InvitationResponse | undefined): InvitationResponse {
  const { id, sender, recipient, token, relay }: Fields = { ...answer };
  const isToken = isString(token) && token.length <= maxTokenLength && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
  const areTexts = isText(id) && isText(recipient) && isText(relay);
  if (areTexts && sender === `${recipient}/invite/${id}` && isText(sender) && isToken) return answer!;
  throw odd("an invitation");
}

/** Requires a list of messages. @throws ERR_QUICPIPE_RELAY_REFUSED otherwise. */
export function requireMessages(answer: unknown): readonly WaitingMessage[] {
  if (Array.isArray(answer) && answer.every(isWaiting)) return answer;
  throw odd("a list of messages");
}

/**
 * Requires a message of a sender with its packets. What is demanded of the dialer was chosen by that name.
 *
 * @param listed the sender in the list of messages.
 * @throws ERR_QUICPIPE_RELAY_REFUSED otherwise.
 */
export function requireTaken(answer: MailboxTakeResponse | undefined, listed: string): MailboxTakeResponse {
  const { sender, packets, traceparent }: Fields = { ...answer };
  const arePackets = Array.isArray(packets) && packets.length <= maxMessagePackets && packets.every(isString);
  if (sender === listed && arePackets && (traceparent === undefined || isText(traceparent))) return answer!;
  throw odd("the listed message with its packets");
}

/** Requires a message that was sent. @throws ERR_QUICPIPE_RELAY_REFUSED otherwise. */
export function requireSent<Sent extends SentMessage>(answer: Sent | undefined): Sent {
  const { id, state, refused }: Fields = { ...answer };
  const isRefusal = refused === undefined || isText(refused);
  if (isText(id) && states.some((each) => each === state) && isRefusal) return answer!;
  throw odd("a message that was sent");
}

function isWaiting(message: unknown): message is WaitingMessage {
  if (typeof message !== "object" || message === null) return false;
  const { id, sender }: Fields = { ...message };
  return isText(id) && isText(sender);
}

function isPortOrNone(value: unknown): boolean {
  return value === undefined || (Number.isInteger(value) && Number(value) > 0 && Number(value) <= 65_535);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isText(value: unknown): value is string {
  return isString(value) && value.length > 0 && value.length <= maxTextLength && value.isWellFormed();
}

function odd(wanted: string): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_RELAY_REFUSED",
    `the relay's answer is not ${wanted}: is a quicpipe relay there?`,
  );
}
