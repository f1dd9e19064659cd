import {
  leastGuessedPort,
  maxHeardPorts,
  searchAnswerMs,
  searchLookMs,
  searchOpenMs,
  searchWaitMs,
} from "../../../defaults/index.ts";
import { type Address, sameAddress } from "../../../wire/address.ts";
import type { DirectWay } from "../../socket.ts";
import type { Punch } from "../control/messages.ts";
import type { BirthdayParts } from "./birthday-parts.ts";
import type { SearchTurn } from "./gate.ts";
import { OpenPorts } from "./open-ports.ts";
import { searchPorts } from "./port-search.ts";

const done: Punch = { type: "punch", round: 0, mode: "search" };

/**
 * The search for a port of a NAT that chooses them at random, where the other side's NAT keeps to one. The former side opens 256 sockets, each
 * with a port of its own outside; the latter sends to 1024 random ports. As with birthdays, some of them meet: in 98 of 100 searches.
 */
export class BirthdaySearch {
  readonly #parts: BirthdayParts;
  /** Ends what is under way. */
  #end: (() => void) | undefined;
  #hasWaited = false;
  #isClosed = false;
  /** When the other side has opened its sockets. */
  #invitedMs = -Infinity;
  /** The IP address whose ports are searched by this side. */
  #searched: string | undefined;
  /** Ports there that have sent a check. */
  readonly #heard = new Set<number>();
  /** The sockets of this side, and its place among the searches, until one of these has an answer. */
  #open: { readonly ports: OpenPorts; readonly turn: SearchTurn; readonly to: Address } | undefined;
  /** The socket that was found. */
  #way: (DirectWay & { readonly to: Address }) | undefined;
  /** Whether that is of another network, and goes with the path in use. */
  #isStale = false;
  #overTimer: NodeJS.Timeout | undefined;
  /** Of another look whether a search may begin. */
  #lookTimer: NodeJS.Timeout | undefined;

  constructor(parts: BirthdayParts) {
    this.#parts = parts;
  }

  /** Begins, or has the other side begin, unless it is under way. Reports whether there is anything to wait for. */
  begin(nowMs: number): boolean {
    if (this.#isClosed) return false;
    if (this.#end) return true;
    const to = this.#target;
    if (!to) return false;
    return this.#isRandom ? this.#openPorts(to, nowMs) : this.#wait();
  }

  /** The other side has its sockets open; or it sends to those of this side, which is then its one search in 10 minutes. */
  invited(nowMs: number): void {
    if (this.#open) {
      this.#open.turn.spend();
      return this.#giveUpIn(searchWaitMs);
    }
    if (this.#isRandom || this.#isClosed) return;
    this.#invitedMs = nowMs;
    this.#serve(nowMs);
  }

  /**
   * A check of the other side's has come. From where is searched, it may be of the port that is; an answer shows whether. A port is asked
   * once, and few of them, as the source may be false.
   */
  heard(from: Address, nowMs: number): void {
    const { limit, checks, owner } = this.#parts;
    if (from.address !== this.#searched || from.port < leastGuessedPort || this.#heard.has(from.port)) return;
    if (this.#heard.size >= maxHeardPorts || !limit.take(1, nowMs)) return;
    this.#heard.add(from.port);
    checks.send(owner, from, false, nowMs);
  }

  /** An address has answered, which ends what is under way. */
  answered(to: Address): void {
    const way = this.#open && sameAddress(to, this.#open.to) ? this.#open.ports.keep() : undefined;
    if (way) {
      this.#way?.release();
      this.#way = { ...way, to };
      this.#isStale = false;
    }
    this.stop();
  }

  /** Ends what is under way. The socket that was found stays. */
  stop(): void {
    this.#end?.();
    this.#end = undefined;
    this.#open = this.#searched = undefined;
    this.#heard.clear();
    this.#invitedMs = -Infinity;
    clearTimeout(this.#overTimer);
    clearTimeout(this.#lookTimer);
    this.#lookTimer = undefined;
  }

  /** The network is another one, where the socket that was found leads nowhere, unless packets still take it. */
  moved(inUse: Address | undefined): void {
    this.stop();
    this.#hasWaited = false;
    this.#isStale = true;
    if (!inUse || !this.#way || !sameAddress(inUse, this.#way.to)) this.left();
  }

  /** No packets take the direct path any more. */
  left(): void {
    if (!this.#isStale) return;
    this.#way?.close();
    this.#way = undefined;
  }

  /** The connection is over. */
  close(): void {
    this.#isClosed = true;
    this.stop();
    this.#way?.release();
    this.#way = undefined;
  }

  /** The address of the other side that the search is about; `undefined` where there is none to be had. */
  get #target(): Address | undefined {
    const { nat, isWanted, isTarget, theirs } = this.#parts;
    const list = theirs();
    const kinds = new Set([nat.report.kind, list?.nat.kind]);
    const isFit = kinds.has("random") && kinds.has("endpoint-independent");
    if (!isFit || !isWanted()) return undefined;
    const seen = list?.candidates.filter(({ kind }) => kind === "reflexive") ?? [];
    return seen.map(({ address }) => address).find(isTarget);
  }

  get #isRandom(): boolean {
    return this.#parts.nat.report.kind === "random";
  }

  #openPorts(to: Address, nowMs: number): boolean {
    const turn = this.#enter(to, nowMs, () => void (this.#parts.isSilent() && this.begin(performance.now())));
    if (!turn) return false;
    const ports = new OpenPorts(this.#parts, to, {
      onOpen: () => {
        this.#giveUpIn(searchWaitMs);
        // The last of all, as it may end the talk, and with that the search.
        this.#parts.control.send(done);
      },
      onOver: () => this.#over(),
    });
    this.#open = { ports, turn, to };
    this.#end = (): void => {
      ports.close();
      turn.leave();
    };
    return true;
  }

  /** The other side has to open its sockets first. It has a time for that once. */
  #wait(): boolean {
    if (this.#hasWaited) return false;
    this.#hasWaited = true;
    this.#end = (): void => undefined;
    this.#giveUpIn(searchWaitMs);
    return true;
  }

  /** Searches, as soon as there has been a round without an answer, and it is this connection's turn, while the other side waits for it. */
  #serve(nowMs: number): void {
    const to = this.#target;
    if (this.#searched || !to || nowMs - this.#invitedMs >= searchWaitMs) return;
    const again = (): void => this.#serve(performance.now());
    if (!this.#parts.isSilent()) return this.#lookIn(searchLookMs, again);
    const turn = this.#enter(to, nowMs, again);
    if (turn) this.#search(to, turn);
  }

  #search({ address: ip }: Address, turn: SearchTurn): void {
    this.stop();
    this.#hasWaited = true;
    turn.spend();
    this.#searched = ip;
    const { limit, socket, checks, owner, control } = this.#parts;
    const send = (to: Address): boolean => {
      if (!limit.take(1, performance.now())) return false;
      socket.send(checks.make(owner), to);
      return true;
    };
    const { permits } = owner;
    const end = searchPorts({ ip, permits, send, onEnd: () => this.#giveUpIn(searchAnswerMs) });
    const timer = setTimeout(() => this.#over(), searchOpenMs);
    timer.unref();
    this.#end = (): void => {
      end();
      clearTimeout(timer);
      turn.leave();
    };
    // The last of all, as it may end the talk, and with that the search.
    control.send(done);
  }

  /** Takes its turn, or looks again when there may be one. */
  #enter(to: Address, nowMs: number, again: () => void): SearchTurn | undefined {
    const { gate, otherPin } = this.#parts;
    const names = [to.address, otherPin];
    const turn = gate.enter(names, nowMs);
    const waitMs = turn ? Infinity : gate.waitMs(names, nowMs);
    if (waitMs < Infinity) this.#lookIn(Math.max(waitMs, searchLookMs), again);
    return turn;
  }

  #lookIn(ms: number, look: () => void): void {
    this.#lookTimer ??= setTimeout(() => {
      this.#lookTimer = undefined;
      look();
    }, ms).unref();
  }

  #giveUpIn(ms: number): void {
    clearTimeout(this.#overTimer);
    this.#overTimer = setTimeout(() => this.#over(), ms);
    this.#overTimer.unref();
  }

  /** Nothing was found. */
  #over(): void {
    this.stop();
    this.#parts.onOver();
  }
}
