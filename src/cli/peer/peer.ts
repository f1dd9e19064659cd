import { randomBytes } from "node:crypto";
import { optionError } from "../../option-checks.ts";
import {
  type DirectPolicy,
  Peer,
  type PeerOptions,
  type PeerStatus,
  type QuicpipeError,
  type Trust,
} from "../../peer/index.ts";
import { createTrustPolicy } from "../../peer/trust/index.ts";
import { developmentToken } from "../development-token.ts";
import { inFlags, listOf, type NumberRange, requireName, requireNumber } from "../arguments.ts";
import { exitStatus, interruptedStatus } from "../exit-status.ts";
import { inDirectFlag } from "./direct-unavailable.ts";
import { keptIdentity } from "./identity.ts";
import { openInterruption } from "../interruption.ts";
import { pipeProtocols } from "./pipe.ts";
import { isTraced } from "./tracing.ts";
import { sayBeside } from "./progress.ts";
import {
  isOnThisMachine,
  type RelayAccessArgs,
  relayAccessArgs,
  relayOptions,
  withToken,
} from "./relay-access.ts";
import { RelayLines } from "./relay-lines.ts";
import { givenTokenSource, mintedTokenSource, type Token } from "./token.ts";

const ownArgs = {
  as: {
    type: "string",
    description:
      "This peer's name, with a relay on this machine that uses the development key; a token has a name already",
    valueHint: "name",
  },
  pin: {
    type: "string",
    description:
      "Pin of the other peer's key (sha256/…), as its `quicpipe id` prints it; several with commas",
    valueHint: "sha256",
  },
  insecure: {
    type: "boolean",
    description: "Talk to whoever answers: neither ask for nor check a certificate of the other peer",
  },
} as const;

const pathArgs = {
  direct: {
    type: "enum",
    options: ["auto", "never", "public-only", "require"] satisfies DirectPolicy[] as string[],
    description:
      "Direct paths to the other peer: `auto` takes one where the NATs allow it, `never` none, `public-only` none to a private address, `require` ends a connection without one; the stricter side counts (default: auto)",
  },
  "birthday-search": {
    type: "boolean",
    description:
      "Search for the other peer's port behind a NAT of random ports by 1024 checks, if it wants that too (default: no)",
  },
  verbose: {
    type: "boolean",
    description: "Tell on stderr which path packets take, by the relay or direct, and why",
  },
} as const;

/** Options common to commands that dial. */
export const dialArgs = {
  timeout: {
    type: "string",
    default: "30",
    description: "Seconds to wait for the peer's answer",
    valueHint: "seconds",
  },
} as const;

const timeoutRange: NumberRange = { min: 1, max: 3600, unit: "seconds" };

/** Returns the value of `--timeout`, in ms. @throws ERR_QUICPIPE_OPTION_INVALID */
export function requireTimeout(timeout: string): number {
  return requireNumber("--timeout", timeout, timeoutRange) * 1000;
}

const trustFlag = { trust: "--pin" } as const;

/** Options of whoever talks to another peer, without those of the path. */
export const trustedPeerArgs: typeof relayAccessArgs & typeof ownArgs = { ...relayAccessArgs, ...ownArgs };

/** Options common to `accept`, `dial` and `ping`. */
export const peerArgs: typeof trustedPeerArgs & typeof pathArgs = { ...trustedPeerArgs, ...pathArgs };

/** Values of the options of the path from the command line. */
export interface PathArgs {
  readonly direct?: string | undefined;
  readonly "birthday-search"?: boolean | undefined;
  readonly verbose?: boolean | undefined;
}

/** Values of {@link peerArgs} from the command line. */
export interface PeerArgs extends RelayAccessArgs, PathArgs {
  readonly as?: string | undefined;
  readonly pin?: string | undefined;
  readonly insecure?: boolean | undefined;
}

/** Options of a peer that its command decides. */
type Additional = Pick<PeerOptions, "accepts" | "alpn" | "backlog" | "onError">;
/** What to do with a peer, whose relay may refuse it for good; may return the exit status. */
type Work = (peer: Peer, refused: Promise<never>) => Promise<number | void>;

/**
 * Binds a peer as configured on the command line, works with it, closes it and returns the exit status, which the work may tell. A
 * signal closes the peer before its work is done, which notifies the other peer.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID if an option is missing or makes no sense, and any error of the work.
 */
export async function workAsPeer(
  args: PeerArgs,
  more: Additional,
  work: (peer: Peer, trust: Trust) => Promise<number | void>,
): Promise<number> {
  const trust = requireTrust(args);
  const token = await requireToken(args);
  const binding = { ...relayOptions(args), token, trust, identity: await keptIdentity() };
  return await workAs(binding, args, more, (peer, refused) =>
    withToken(args, () => Promise.race([work(peer, trust), refused])),
  );
}

/**
 * Does the same as one who accepts, and who trusts the holders of tickets where the command line names nobody. Such a peer needs no name: on
 * the relay's machine it gets a new one.
 */
export async function workAsAccepter(
  args: PeerArgs,
  more: Additional,
  work: (peer: Peer) => Promise<number | void>,
): Promise<number> {
  const isTold = args.pin !== undefined || args.insecure === true;
  if (isTold) return await workAsPeer(args, more, (peer) => work(peer));
  const named =
    isOnThisMachine(args) && !givenTokenSource(args) ? { ...args, as: args.as ?? newName() } : args;
  const token = await requireToken(named);
  const binding = { ...relayOptions(args), token, identity: await keptIdentity() };
  return await workAs(binding, args, more, (peer, refused) =>
    withToken(args, () => Promise.race([work(peer), refused])),
  );
}

/** A name that nobody else has. */
function newName(): string {
  return `accept-${randomBytes(6).toString("hex")}`;
}

/**
 * Does the same with a peer that is bound by other means than {@link peerArgs}.
 *
 * @param binding the peer's options that say who it is, and where the relay is.
 */
export async function workAs(
  binding: PeerOptions,
  args: PathArgs,
  more: Additional,
  work: Work,
): Promise<number> {
  const lines = new RelayLines(sayBeside);
  const options = {
    alpn: pipeProtocols,
    direct: args.direct as DirectPolicy | undefined,
    birthdaySearch: args["birthday-search"],
    telemetry: isTraced(),
    ...records(),
    ...more,
    ...binding,
    onStatus: (status: PeerStatus) => lines.tell(status),
    // What becomes of the relay is told by its lines.
    onError: (error: QuicpipeError) => error === peer.status.error || more.onError?.(error),
  };
  const peer: Peer = await Peer.bind(options).catch((error: unknown) => {
    throw inFlags(error, {
      relay: "--relay",
      ...trustFlag,
      keyLogFile: "SSLKEYLOGFILE",
      qlogFolder: "QLOGDIR",
    });
  });
  const interruption = openInterruption(() => void peer.close());
  let status: number = exitStatus.done;
  try {
    status = (await work(peer, lines.refused)) ?? exitStatus.done;
  } catch (error) {
    // Work that a signal cuts off fails because of the signal.
    if (!interruption.signal) throw inDirectFlag(error);
  } finally {
    interruption.close();
    await peer.close();
  }
  return interruption.signal ? interruptedStatus(interruption.signal) : status;
}

/** Returns what to record, by the variables that other tools of TLS and QUIC read too. */
function records(): Pick<PeerOptions, "keyLogFile" | "qlogFolder"> {
  return {
    keyLogFile: process.env["SSLKEYLOGFILE"] || undefined,
    qlogFolder: process.env["QLOGDIR"] || undefined,
  };
}

/** Returns whom to trust. @throws ERR_QUICPIPE_OPTION_INVALID if nobody is named, or everybody besides. */
export function requireTrust({ pin, insecure }: PeerArgs): Trust {
  const pins = listOf(pin);
  if (insecure && pins.length > 0)
    throw optionError("--pin", "say whom to trust by --pin or --insecure, not both");
  if (insecure) return "insecure";
  if (pins.length > 0) return requirePins(pins);
  throw optionError(
    "--pin",
    "say whom to trust: either --pin with what the other peer's `quicpipe id` prints, or --insecure for anybody",
  );
}

/** Checks pins before anything is made for a peer that could not be bound. */
function requirePins(pins: string[]): string[] {
  try {
    createTrustPolicy(pins);
    return pins;
  } catch (error) {
    throw inFlags(error, trustFlag);
  }
}

/**
 * Returns a token from a file or the environment, or what mints one with this machine's development key whenever that is needed.
 *
 * @throws ERR_QUICPIPE_OPTION_INVALID without a token and a name, and with both: the token already has the peer's name.
 */
export async function requireToken(args: PeerArgs): Promise<Token> {
  const given = givenTokenSource(args);
  if (given && args.as !== undefined)
    throw optionError(
      "--as",
      `--as ${JSON.stringify(args.as)} has no effect beside a token, which names this peer: leave out --as, or --token-file and QUICPIPE_TOKEN`,
    );
  if (given) return given;
  if (args.as !== undefined) {
    const sub = requireName("--as", args.as);
    return await mintedTokenSource(() => developmentToken({ sub }));
  }
  throw optionError(
    "--token-file",
    "no token: set QUICPIPE_TOKEN or give --token-file; with a relay on this machine, give --as and a name",
  );
}
