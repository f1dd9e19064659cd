import { type NatReport, unknownNat } from "../../../../src/peer/nat/report.ts";
import type { AgentActions } from "../../../../src/peer/path/agent-parts.ts";
import { Agent } from "../../../../src/peer/path/agent.ts";
import { Checklist, createCheckLimit } from "../../../../src/peer/path/seeking/checklist.ts";
import type { Candidate, ControlMessage, Hello } from "../../../../src/peer/path/control/messages.ts";
import type { ConnectionPathEvent } from "../../../../src/peer/path/path-feed.ts";
import type { DirectPolicy, RelayReason } from "../../../../src/peer/path/policy.ts";
import { type Address, sameAddress } from "../../../../src/wire/address.ts";

/** The relay's way between the two, in ms for one direction. */
const relayMs = 20;

export interface SideOptions {
  readonly policy?: DirectPolicy;
  readonly candidates?: readonly Candidate[];
}

/** One agent, and what it has done. */
export class Side {
  readonly agent: Agent;
  address: Address;
  readonly candidates: Candidate[];
  nat: NatReport = unknownNat;
  /** Why nobody answers, where that is known. */
  explained: RelayReason | undefined;
  /** Whether something else is tried than rounds. */
  isSearching = false;
  readonly events: ConnectionPathEvent[] = [];
  readonly messages: ControlMessage[] = [];
  readonly checks: Address[] = [];
  /** Those that are for its own NAT. */
  readonly openers: Address[] = [];
  readonly accepted: Set<number> = new Set();
  route: Parameters<AgentActions["route"]>[0] = { direct: undefined, isMirrored: false };
  preferred: "relay" | "direct" = "relay";
  hasPath = false;
  /** Whether QUIC can open paths. */
  canOpen = true;
  invitations = 0;
  /** How often it was asked why nobody answers. */
  explanations = 0;
  onPermit: () => void = () => undefined;
  bytes = 0;
  readonly #pair: Pair;

  constructor(pair: Pair, role: "client" | "server", address: Address, options: SideOptions) {
    this.#pair = pair;
    this.address = address;
    this.candidates = [...(options.candidates ?? [{ kind: "reflexive", address }])];
    const hello: Hello = {
      type: "hello",
      version: 1,
      policy: options.policy ?? "auto",
      maxCandidates: 8,
      searches: false,
    };
    const checklist = new Checklist(createCheckLimit(0));
    this.agent = new Agent({ role, hello, checklist, actions: this.#actions() });
  }

  #actions(): AgentActions {
    const pair = this.#pair;
    return {
      send: (message) => {
        this.messages.push(message);
        pair.after(relayMs, () => pair.other(this).agent.receive(message, pair.nowMs));
      },
      check: (to, isNominated, nowMs, isOpener) => {
        this.checks.push(to);
        if (isOpener) this.openers.push(to);
        else pair.check(this, to, isNominated, nowMs);
      },
      accept: ({ port }) => void this.accepted.add(port),
      refuse: ({ port }) => void this.accepted.delete(port),
      open: () => this.canOpen && pair.open(),
      close: () => pair.close(),
      prefer: (kind) => void (this.preferred = kind),
      route: (route) => void (this.route = route),
      askByRelay: () => undefined,
      relayRttMs: () => 2 * relayMs,
      figures: () => ({
        relayReceived: pair.nowMs,
        bytes: this.bytes,
        packetsSent: 0,
        packetsLost: 0,
      }),
      nat: () => this.nat,
      gather: () => this.candidates,
      permit: (theirs) => {
        this.onPermit();
        return { targets: theirs.candidates.map(({ address }) => address), guesses: [] };
      },
      invited: () => void this.invitations++,
      explain: (exhausted) => {
        this.explanations++;
        return this.isSearching ? undefined : (this.explained ?? exhausted);
      },
      tell: (event) => void this.events.push(event),
    };
  }
}

/** Two agents, the relay's way between them, and a direct one as the test has it. In virtual time. */
export class Pair {
  readonly client: Side;
  readonly server: Side;
  nowMs = 0;
  /** The direct way, in ms for one direction. */
  directMs = 5;
  /** A second address of the server's, and the way there, in ms for one direction. */
  second: { readonly address: Address; readonly ms: number } | undefined;
  /** Whether checks get through, from each of the two. */
  reaches = { client: true, server: true };
  /** Reports whether a packet of the direct way gets lost. */
  loses: () => boolean = () => false;
  #later: { atMs: number; work: () => void }[] = [];

  constructor(client: SideOptions = {}, server: SideOptions = {}) {
    this.client = new Side(this, "client", { address: "192.0.2.1", port: 1111 }, client);
    this.server = new Side(this, "server", { address: "192.0.2.2", port: 2222 }, server);
  }

  start(): void {
    this.client.agent.start(this.nowMs);
    this.server.agent.start(this.nowMs);
  }

  other(side: Side): Side {
    return side === this.client ? this.server : this.client;
  }

  after(ms: number, work: () => void): void {
    this.#later.push({ atMs: this.nowMs + ms, work });
  }

  /** Runs for some time. Data moves all the while, unless told otherwise. */
  run(ms: number, bytesPerMs: number = 100): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.nowMs++) {
      const due = this.#later.filter(({ atMs }) => atMs <= this.nowMs);
      this.#later = this.#later.filter(({ atMs }) => atMs > this.nowMs);
      for (const { work } of due) work();
      for (const side of [this.client, this.server]) {
        side.bytes += bytesPerMs;
        if (side.agent.deadlineMs <= this.nowMs) side.agent.advance(this.nowMs);
      }
    }
  }

  check(from: Side, to: Address, isNominated: boolean, sentAtMs: number): void {
    const receiver = this.other(from);
    const isSecond = from === this.client && this.second && sameAddress(to, this.second.address);
    if (!isSecond && !sameAddress(to, receiver.address)) return;
    const ms = isSecond ? this.second!.ms : this.directMs;
    this.#carry(from, ms, () => {
      receiver.agent.checked(from.address, isNominated, this.nowMs);
      this.#carry(receiver, ms, () => from.agent.answered(to, sentAtMs, this.nowMs));
    });
  }

  open(): boolean {
    this.after(2 * this.directMs, () => {
      for (const side of [this.client, this.server]) {
        side.hasPath = true;
        side.agent.opened(this.nowMs);
      }
    });
    return true;
  }

  close(): void {
    this.after(relayMs, () => {
      for (const side of [this.client, this.server]) {
        side.hasPath = false;
        side.agent.closed(this.nowMs);
      }
    });
  }

  #carry(from: Side, ms: number, deliver: () => void): void {
    const reaches = from === this.client ? this.reaches.client : this.reaches.server;
    if (reaches && !this.loses()) this.after(ms, deliver);
  }
}

/** Names of the events of a side, with their reasons. */
export function told({ events }: Side): string[] {
  return events.map((event) => ("reason" in event ? `${event.kind} ${event.reason}` : event.kind));
}
