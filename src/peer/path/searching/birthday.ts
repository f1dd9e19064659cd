import { isIPv4 } from "node:net";
import { searchAnswerMs, searchRestMs, searchSockets, searchWaitMs } from "../../../defaults/index.ts";
import type { TokenBucket } from "../../../token-bucket.ts";
import type { Address } from "../../../wire/address.ts";
import type { NatView } from "../../nat/view.ts";
import type { PeerSocket } from "../../socket.ts";
import { ManySockets } from "../../udp/many-sockets.ts";
import type { ControlStream } from "../control/control-stream.ts";
import type { CandidateList } from "../control/messages.ts";
import type { CheckOwner, PathChecks } from "../seeking/checks.ts";
import { searchPorts } from "./port-search.ts";
import type { SearchGate } from "./gate.ts";
import { takeSteps } from "./pace.ts";

/** The parts of a {@link BirthdaySearch}. */
export interface BirthdayParts {
  readonly gate: SearchGate;
  /** Of checks at addresses that are not proven. */
  readonly limit: TokenBucket;
  readonly socket: Pick<PeerSocket, "send" | "local" | "allowDirectFrom">;
  readonly checks: Pick<PathChecks, "make" | "isCheckOf" | "receive" | "send">;
  readonly owner: CheckOwner;
  readonly control: Pick<ControlStream, "send">;
  readonly nat: Pick<NatView, "report">;
  /** Whether both sides want it. */
  readonly isWanted: () => boolean;
  /** Returns what the other side has told last. */
  readonly theirs: () => CandidateList | undefined;
  /** Nothing was found. */
  readonly onOver: () => void;
}

/**
 * The search for a port of a NAT that chooses them at random, where the other side's NAT keeps to one. The former side opens 256 sockets, each
 * with a port of its own outside; the latter sends to 1024 random ports. As with birthdays, some of them meet: in 98 of 100 searches.
 */
export class BirthdaySearch {
  readonly #parts: BirthdayParts;
  /** Ends what is under way. */
  #end: (() => void) | undefined;
  #hasWaited = false;
  /** When this connection had its last one. */
  #begunMs = -Infinity;
  /** Of the socket that was found. */
  #release: (() => void) | undefined;
  /** The IP address whose ports are searched by this side. */
  #searched: string | undefined;

  constructor(parts: BirthdayParts) {
    this.#parts = parts;
  }

  /** Begins, or has the other side begin, unless it is under way. Reports whether there is anything to wait for. */
  begin(nowMs: number): boolean {
    if (this.#end) return true;
    const to = this.#target;
    if (!to) return false;
    return this.#isRandom ? this.#open(to, nowMs) : this.#wait();
  }

  /** The other side has its sockets open. */
  invited(nowMs: number): void {
    const to = this.#target;
    const leave = to && !this.#isRandom && this.#enter(to, nowMs);
    if (!leave) return;
    this.stop();
    this.#searched = to.address;
    const { limit, socket, checks, owner } = this.#parts;
    const send = (address: Address): boolean => {
      if (!limit.take(1, performance.now())) return false;
      socket.send(checks.make(owner), address);
      return true;
    };
    const { permits } = owner;
    this.#end = leave;
    const stop = searchPorts({ ip: to.address, permits, send, onEnd: () => this.#giveUpIn(searchAnswerMs) });
    this.#also(stop);
  }

  /** A check of the other side's has come. If it is from where was searched, the search is over. */
  heard(from: Address, nowMs: number): void {
    if (from.address !== this.#searched) return;
    this.stop();
    this.#ask(from, nowMs);
  }

  /** Ends what is under way, as an address has answered. The socket that was found stays. */
  stop(): void {
    this.#end?.();
    this.#end = undefined;
    this.#searched = undefined;
  }

  /** Ends all, and gives back the socket: the network is another one, or the connection over. */
  reset(): void {
    this.stop();
    this.#hasWaited = false;
    this.#release?.();
    this.#release = undefined;
  }

  /** The address of the other side that the search is about; `undefined` where there is none to be had. */
  get #target(): Address | undefined {
    const theirs = this.#parts.theirs();
    const kinds = new Set([this.#parts.nat.report.kind, theirs?.nat.kind]);
    const isFit = kinds.has("random") && kinds.has("endpoint-independent");
    if (!isFit || !this.#parts.isWanted()) return undefined;
    const seen = theirs?.candidates.filter(({ kind }) => kind === "reflexive") ?? [];
    const targets = seen.map(({ address }) => address);
    return targets.find((each) => isIPv4(each.address) && this.#parts.owner.permits(each));
  }

  get #isRandom(): boolean {
    return this.#parts.nat.report.kind === "random";
  }

  /** The other side names the address, and could name one after the other. */
  #enter(to: Address, nowMs: number): (() => void) | undefined {
    if (nowMs - this.#begunMs < searchRestMs) return undefined;
    const leave = this.#parts.gate.enter(to.address, nowMs);
    if (leave) this.#begunMs = nowMs;
    return leave;
  }

  #open(to: Address, nowMs: number): boolean {
    const { limit, socket, checks, owner, control } = this.#parts;
    const leave = this.#enter(to, nowMs);
    if (!leave) return false;
    const { address } = socket.local;
    const host = isIPv4(address) ? address : "0.0.0.0";
    const sockets = new ManySockets({
      host,
      to,
      isCheck: (datagram) => checks.isCheckOf(owner, datagram),
      onCheck: (localPort, datagram) => this.#found(localPort, datagram, to),
    });
    const step = (): boolean => {
      if (!limit.take(1, performance.now())) return false;
      sockets.open(checks.make(owner));
      return true;
    };
    this.#end = leave;
    this.#also(() => sockets.close());
    const stop = takeSteps(searchSockets, step, () => {
      control.send({ type: "punch", round: 0, mode: "search" });
      this.#giveUpIn(searchWaitMs);
    });
    this.#also(stop);
    return true;
  }

  /** The other side has to open its sockets first. It has a time for that once. */
  #wait(): boolean {
    if (this.#hasWaited) return false;
    this.#hasWaited = true;
    this.#giveUpIn(searchWaitMs);
    return true;
  }

  #found(localPort: number, datagram: Buffer, from: Address): void {
    const { socket, checks, onOver } = this.#parts;
    this.stop();
    const release = socket.allowDirectFrom(localPort, from);
    if (!release) return onOver();
    this.#release?.();
    this.#release = release;
    // Answers it, by the new socket.
    checks.receive(datagram, from);
    this.#ask(from, performance.now());
  }

  /** Asks an address that was found, until its answer ends this. */
  #ask(to: Address, nowMs: number): void {
    this.#parts.checks.send(this.#parts.owner, to, false, nowMs);
    this.#giveUpIn(searchAnswerMs);
  }

  #giveUpIn(ms: number): void {
    const timer = setTimeout(() => {
      this.stop();
      this.#parts.onOver();
    }, ms);
    timer.unref();
    this.#also(() => clearTimeout(timer));
  }

  /** Has more done at the end. */
  #also(end: () => void): void {
    const former = this.#end;
    this.#end = () => {
      former?.();
      end();
    };
  }
}
