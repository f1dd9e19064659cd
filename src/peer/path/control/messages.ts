import { maxCandidates, maxPortStep } from "../../../defaults/index.ts";
import { type Address, formatIp, parseIp, plainIp } from "../../../wire/address.ts";
import { encodeVarint } from "../../../wire/varint.ts";
import type { NatKind, NatReport } from "../../nat/report.ts";
import { BodyReader } from "./body-reader.ts";
import { directPolicies, type DirectPolicy, type RelayReason, relayReasons } from "../policy.ts";

/** Version of the control messages that this peer sends. */
export const controlVersion = 1;

/** What begins: a round, or the other side's part of a search for a port. */
export type PunchMode = "normal" | "search";
/** Where an address comes from: an interface, a STUN answer, or a port mapping that the NAT granted. */
export type CandidateKind = "host" | "reflexive" | "mapped";

/** An address at which a peer may be reached. */
export interface Candidate {
  readonly kind: CandidateKind;
  readonly address: Address;
}

/** The first message of each peer. */
export interface Hello {
  readonly type: "hello";
  readonly version: number;
  readonly policy: DirectPolicy;
  /** Candidates that the sender takes from the other peer. */
  readonly maxCandidates: number;
  /** Whether it searches for ports (birthday search), and lets itself be searched for. */
  readonly searches: boolean;
}

/** The sender begins a round of checks, or has done its part of a search. */
export interface Punch {
  readonly type: "punch";
  readonly round: number;
  readonly mode: PunchMode;
}

/** A message on the control stream. */
export type ControlMessage =
  | Hello
  /** All candidates of the sender, at most 8 as they are read. A later generation replaces an earlier one. */
  | {
      readonly type: "candidates";
      readonly generation: number;
      readonly candidates: readonly Candidate[];
      readonly nat: NatReport;
    }
  | Punch
  /** What the sender's packets take now, and why it is the relay. */
  | { readonly type: "path"; readonly kind: "relay" | "direct"; readonly reason?: RelayReason | undefined }
  /** The sender's direct path is no more. */
  | { readonly type: "gone" };

/** A message with a side's candidates. */
export type CandidateList = Extract<ControlMessage, { type: "candidates" }>;

const messageType = { hello: 1, candidates: 2, punch: 3, path: 4, gone: 6 } as const;

/*
 * The number on the wire is the place in the list: a later version appends. A number that this version does not know means
 * the first, which is the most careful.
 */
const natKinds: readonly NatKind[] = ["unknown", "endpoint-independent", "sequential", "random"];
const candidateKinds: readonly CandidateKind[] = ["host", "reflexive", "mapped"];
const modes: readonly PunchMode[] = ["normal", "search"];
const pathKinds = ["relay", "direct"] as const;
const reasons: readonly (RelayReason | undefined)[] = [undefined, ...relayReasons];

/** Encodes a message: its type, the length of its body, and the body. */
export function encodeMessage(message: ControlMessage): Uint8Array {
  const body = encodeBody(message);
  return Buffer.concat([encodeVarint(messageType[message.type]), encodeVarint(body.length), body]);
}

function encodeBody(message: ControlMessage): Uint8Array {
  switch (message.type) {
    case "hello":
      return encodeHello(message);
    case "candidates": {
      const { generation, candidates, nat } = message;
      const list = candidates.map(encodeCandidate);
      return Buffer.concat([...varints(generation, list.length), ...list, ...encodeNat(nat)]);
    }
    case "punch":
      return Buffer.concat(varints(message.round, modes.indexOf(message.mode)));
    case "path":
      return Buffer.concat(varints(pathKinds.indexOf(message.kind), reasons.indexOf(message.reason)));
    case "gone":
      return new Uint8Array();
  }
}

function encodeHello(hello: Hello): Uint8Array {
  const { version, policy, searches } = hello;
  const places = [directPolicies.indexOf(policy), hello.maxCandidates, Number(searches)];
  return Buffer.concat(varints(version, ...places));
}

/** A candidate's kind, and the length, IP address and port of its address. The length tells the family, and lets others be skipped. */
function encodeCandidate({ kind, address }: Candidate): Uint8Array {
  const ip = parseIp(address.address) ?? new Uint8Array();
  const port = Uint8Array.of(address.port >> 8, address.port);
  return Buffer.concat([...varints(candidateKinds.indexOf(kind), ip.length + 2), ip, port]);
}

/** A NAT's kind, and of a sequential one the port that it gave last, its step, and whether that is downwards. */
function encodeNat({ kind, ports }: NatReport): Uint8Array[] {
  const number = natKinds.indexOf(kind);
  if (kind !== "sequential") return varints(number);
  const { base, step } = ports ?? { base: 0, step: 0 };
  return varints(number, base, Math.abs(step), step < 0 ? 1 : 0);
}

function varints(...values: readonly number[]): Uint8Array[] {
  return values.map(encodeVarint);
}

/**
 * Parses the body of a message of a type; `undefined` for a type that this version does not know. Further bytes of a body are
 * the fields of a later version, and are skipped.
 */
export function parseMessage(type: number, body: Uint8Array): ControlMessage | "malformed" | undefined {
  const reader = new BodyReader(body);
  const message = readMessage(type, reader);
  return reader.isMalformed ? "malformed" : message;
}

function readMessage(type: number, body: BodyReader): ControlMessage | undefined {
  switch (type) {
    case messageType.hello:
      return readHello(body);
    case messageType.candidates:
      return {
        type: "candidates",
        generation: body.count(),
        candidates: readCandidates(body),
        nat: readNat(body),
      };
    case messageType.punch:
      return { type: "punch", round: body.count(), mode: body.choice(modes) };
    case messageType.path:
      return { type: "path", kind: body.choice(pathKinds), reason: body.choice(reasons) };
    case messageType.gone:
      return { type: "gone" };
    default:
      return undefined;
  }
}

function readHello(body: BodyReader): Hello {
  return {
    type: "hello",
    version: body.count(),
    policy: body.choice(directPolicies),
    maxCandidates: body.count(),
    searches: body.choice([false, true]),
  };
}

function readCandidates(body: BodyReader): Candidate[] {
  const candidates: (Candidate | undefined)[] = [];
  const count = body.count();
  for (let place = 0; place < count && !body.isMalformed; place++)
    if (place < maxCandidates) candidates.push(readCandidate(body));
    else skipCandidate(body);
  return candidates.filter((candidate) => candidate !== undefined);
}

/** Returns nothing for a kind or family of a later version. */
function readCandidate(body: BodyReader): Candidate | undefined {
  const kind = candidateKinds[body.count()];
  const address = addressOf(body.bytes(body.count()));
  return kind && address && { kind, address };
}

function skipCandidate(body: BodyReader): void {
  body.count();
  body.skip(body.count());
}

function readNat(body: BodyReader): NatReport {
  const kind = body.choice(natKinds);
  if (kind !== "sequential") return { kind };
  const [base, size, direction] = [body.count(), body.count(), body.count()];
  if (base > 65_535 || size < 1 || size > maxPortStep) return { kind };
  return { kind, ports: { base, step: direction === 1 ? -size : size } };
}

function addressOf(bytes: Uint8Array): Address | undefined {
  const ip = bytes.subarray(0, -2);
  if (ip.length !== 4 && ip.length !== 16) return undefined;
  const [high, low] = bytes.subarray(-2) as unknown as [number, number];
  return { address: plainIp(formatIp(ip)), port: (high << 8) | low };
}
