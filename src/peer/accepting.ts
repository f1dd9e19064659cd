import { QuicpipeError } from "../errors.ts";
import { maxMessagePackets, type WaitingMessage } from "../protocol.ts";
import { parseFirstFlight } from "../wire/quic-packet.ts";
import { Attempt, type PeerContext, tracedBy } from "./attempt.ts";
import { Connection } from "./connection/connection.ts";
import { optionInvalid, requireOptions } from "../option-checks.ts";
import { type Alpn, requireAlpn, requireDirect } from "./options.ts";
import type { DirectPolicy } from "./path/policy.ts";
import { createDeadline, requireSignal } from "./time/deadline.ts";
import { requireTaken } from "./relay/answer.ts";
import type { QuicConnection } from "./connection/quic-connection.ts";
import {
  createTrustPolicy,
  chosenTrust,
  requireTrust,
  type TrustOptions,
  type TrustPolicy,
} from "./trust/trust.ts";

/** Options for accepting a first flight that came out of band. */
export interface AcceptOptions extends TrustOptions {
  /** Application protocols to accept; those of the peer's own `alpn` if absent. */
  readonly alpn?: Alpn | undefined;
  /** Direct paths to the dialer; as the peer's own `direct` if absent. */
  readonly direct?: DirectPolicy | undefined;
  /** Aborts the attempt; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Accepts a connection whose first flight came out of band. The caller closes it. */
export async function acceptFlight(
  context: PeerContext,
  packets: readonly Uint8Array[],
  options: AcceptOptions,
): Promise<Connection> {
  requireOptions("accept(…)", options, {
    pin: true,
    trust: true,
    alpn: true,
    direct: true,
    signal: true,
  });
  const { settings, telemetry } = context;
  const policy = createTrustPolicy(chosenTrust(options, settings.trust));
  const terms: AcceptTerms = {
    policy,
    alpn: requireAlpn(options.alpn, settings.alpn),
    direct: requireDirect(options.direct, settings.direct),
    signal: requireSignal(options.signal),
  };
  const destinationId = requireFirstFlight(packets);
  return await telemetry.accept((trace) =>
    accept(tracedBy(trace, context), terms, async (attempt) => {
      await attempt.register();
      return { packets, destinationId, sender: undefined };
    }),
  );
}

/** Whether a message may be accepted at all: by a ticket, or by trust that the peer has. */
export function isWelcome({ settings, invites }: PeerContext, { sender }: WaitingMessage): boolean {
  return settings.trust !== undefined || invites.isOpenTo(sender);
}

/** Takes one message out of the mailbox and accepts its connection. The caller closes it. */
export async function acceptMessage(
  context: PeerContext,
  message: WaitingMessage,
  onTaken: () => void,
): Promise<Connection> {
  const reservation = context.invites.reserve(message.sender);
  const policy = reservation?.policy ?? createTrustPolicy(requireTrust(context.settings.trust));
  try {
    return await acceptUnder(context, { policy, signal: reservation?.revoked }, message, onTaken);
  } catch (error) {
    reservation?.release();
    throw error;
  }
}

async function acceptUnder(
  context: PeerContext,
  demands: Pick<AcceptTerms, "policy" | "signal">,
  { id, sender }: WaitingMessage,
  onTaken: () => void,
): Promise<Connection> {
  const { alpn, direct } = context.settings;
  return await context.telemetry.acceptMessage((trace) => {
    const traced = tracedBy(trace, context);
    return accept(traced, { ...demands, alpn, direct }, async (attempt) => {
      const message = requireTaken(
        await attempt.registerWith({
          together: (register) => traced.relay.take(id, { register }),
          apart: (registration) => traced.relay.take(id, { registration }),
        }),
        sender,
      );
      const packets = message.packets.map((packet) => Buffer.from(packet, "base64"));
      // Checked before `onTaken`: a relay that lets other packets into a mailbox makes the loop slow down.
      const destinationId = requireFirstFlight(packets);
      onTaken();
      trace.linkTo(message.traceparent);
      await attempt.prove();
      return { packets, destinationId, sender };
    });
  });
}

/** Demands of the accepting side on a connection. */
interface AcceptTerms {
  readonly policy: TrustPolicy;
  readonly alpn: readonly string[];
  readonly direct: DirectPolicy;
  readonly signal: AbortSignal | undefined;
}

/** A dialer's first packets, checked. */
interface ReceivedFlight {
  readonly packets: readonly Uint8Array[];
  readonly destinationId: Uint8Array;
  /** The dialer's name, if the packets came through the mailbox. */
  readonly sender: string | undefined;
}

async function accept(
  context: PeerContext,
  { policy, alpn, direct, signal }: AcceptTerms,
  receive: (attempt: Attempt) => Promise<ReceivedFlight>,
): Promise<Connection> {
  const { handshakeTimeoutMs, requestTimeoutMs, idleTimeoutMs } = context.settings;
  // Two requests at an older relay, or one and STUN; then the handshake.
  const timeoutMs = 2 * requestTimeoutMs + handshakeTimeoutMs;
  const deadline = createDeadline(timeoutMs, () => handshakeTimeout(timeoutMs), signal);
  const attempt = new Attempt(context, "server");
  return await attempt.run(deadline, async () => {
    const flight = await receive(attempt);
    if (deadline.signal.aborted) return deadline.expired;
    const remoteName = flight.sender;
    const connection = attempt.connect({
      policy,
      remoteName,
      alpn,
      direct,
      idleTimeoutMs,
    });
    await answerFlight(context, connection, flight, handshakeTimeoutMs);
    return new Connection(connection);
  });
}

/** Feeds the flight to the engine and waits for the end of the handshake. */
async function answerFlight(
  { socket }: PeerContext,
  connection: QuicConnection,
  { packets, destinationId }: ReceivedFlight,
  timeoutMs: number,
): Promise<void> {
  const deadline = createDeadline(timeoutMs, () => handshakeTimeout(timeoutMs));
  // Until this peer's first packet arrives, the dialer keeps using the connection ID that it chose itself.
  socket.addRoute(destinationId, connection.receive);
  try {
    // Copies, as the engine overwrites its input.
    for (const packet of packets) connection.receive(Uint8Array.from(packet), ect0);
    await Promise.race([connection.milestones.ready, deadline.expired]);
  } finally {
    deadline.clear();
    socket.removeRoute(destinationId);
  }
}

/**
 * The mark ECT(0) (RFC 3168 §5). The dialer's engine counts its first flight as marked, and no router could clear that: without
 * this it would take the network for one that does (RFC 9000 §13.4.2).
 */
const ect0 = 2;

/**
 * Checks that packets form one QUIC v1 first flight, and returns the destination connection ID that they share. The
 * engine gives up a connection whose first packet is garbage.
 *
 * @throws ERR_QUICPIPE_INITIAL_INVALID if they do not.
 */
function requireFirstFlight(packets: readonly Uint8Array[]): Uint8Array {
  if (!Array.isArray(packets))
    throw optionInvalid(
      "packets",
      packets,
      "the packets that the `deliver` of a dial got (the next dialer's connection comes by iterating over the peer)",
    );
  if (packets.length === 0 || packets.length > maxMessagePackets)
    throw invalid(`${packets.length} datagrams instead of 1 to ${maxMessagePackets}`);
  const flights = packets.map((packet) => {
    const flight = parseFirstFlight(packet);
    if (typeof flight === "string") throw invalid(flight);
    return flight;
  });
  const [first] = flights;
  if (!flights.some(({ hasInitial }) => hasInitial)) throw invalid("no Initial packet");
  if (flights.some(({ destinationId }) => Buffer.compare(destinationId, first!.destinationId) !== 0))
    throw invalid("packets of more than one connection");
  return first!.destinationId;
}

function invalid(why: string): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_INITIAL_INVALID",
    `the first packets are no QUIC v1 first flight: ${why}; ask the dialer for fresh ones`,
    { details: { why } },
  );
}

function handshakeTimeout(timeoutMs: number): QuicpipeError {
  return new QuicpipeError(
    "ERR_QUICPIPE_HANDSHAKE_FAILED",
    `the handshake was not through after ${timeoutMs} ms: the dialer is gone, or packets do not get to it`,
    { details: { timeoutMs } },
  );
}
