import * as defaults from "../../defaults/index.ts";
import { TokenBucket } from "../../token-bucket.ts";
import { type Address, formatAddress } from "../../wire/address.ts";
import type { EnginePath, PathEvent } from "../engine/contract.ts";
import { unknownNat } from "../nat/report.ts";
import type { PacketRoute } from "../udp/contract.ts";
import type { AgentActions } from "./agent-parts.ts";
import { Agent } from "./agent.ts";
import { type DirectParts, placeOf } from "./direct-parts.ts";
import { BirthdaySearch } from "./searching/birthday.ts";
import { isSameNat } from "./seeking/candidates.ts";
import { CheckRules } from "./seeking/check-rules.ts";
import { Checklist, createCheckLimit } from "./seeking/checklist.ts";
import { credentialOf } from "./seeking/credential.ts";
import type { CheckOwner } from "./seeking/checks.ts";
import type { ControlOwner } from "./control/control-stream.ts";
import { figuresOf } from "./keeping/figures.ts";
import { type ControlMessage, controlVersion, type Hello } from "./control/messages.ts";
import type { DirectAgreement, RelayReason } from "./policy.ts";
import { hostView } from "./seeking/host-view.ts";
import { Forecast } from "./seeking/forecast.ts";
import { SearchGate } from "./searching/gate.ts";
import { isSearchable } from "./searching/target.ts";
import { whySilent } from "./seeking/verdict.ts";
import { gatherCandidates, type Place } from "./seeking/surroundings.ts";

/** Of all connections of this process. */
const checkLimit = createCheckLimit(performance.now());
const searchGate = new SearchGate();

/** The engine's number of the path by the relay. */
export const relayPath = 0;

/** Ties an {@link Agent} to one connection in the engine, to the socket and to the clock. */
export class DirectPaths {
  readonly #parts: DirectParts;
  readonly #agent: Agent;
  readonly #owner: CheckOwner;
  readonly #forecast: Forecast;
  readonly #releases = new Map<string, () => void>();
  readonly #checklist: Checklist = new Checklist(checkLimit);
  /** Bytes of the path by the relay, at the last keepalive. */
  #relayBytes = 0;
  #remove: (() => void) | undefined;
  #route: PacketRoute = { direct: undefined, isMirrored: false };
  /** The engine's number of the direct path that was opened last. */
  #pathId: number | undefined;
  /** Each path takes connection IDs, which are the peer's and count for its quota. */
  readonly #opened: TokenBucket = new TokenBucket(
    defaults.pathsPerMinute / 60,
    defaults.pathsAtOnce,
    performance.now(),
  );
  /** Whether this side has ended it, as the other one said too much. */
  readonly #talk: { isCut: boolean } = { isCut: false };
  readonly #rules: CheckRules = new CheckRules(
    () => this.#place,
    () => this.#tries,
  );
  readonly #search: BirthdaySearch;
  /** Of the other side's HELLO. */
  #otherSearches: boolean | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Whether one has carried packets on this network. */
  #wasDirect = false;
  #isClosed = false;

  constructor(parts: DirectParts) {
    this.#parts = parts;
    const { engine, role } = parts;
    this.#forecast = new Forecast(parts.nat, () => this.#run(() => this.#agent.told()));
    const checklist = this.#checklist;
    const talk = this.#talk;
    const hello: Hello = {
      type: "hello",
      version: controlVersion,
      policy: parts.direct,
      maxCandidates: defaults.maxCandidates,
      searches: parts.birthdaySearch,
    };
    this.#agent = new Agent({ role: parts.role, hello, checklist, actions: this.#actions() });
    this.#owner = {
      own: credentialOf(engine, role),
      other: credentialOf(engine, role === "client" ? "server" : "client"),
      get withheld() {
        return { ...checklist.withheld, talks: Number(talk.isCut) };
      },
      isProven: (from) => this.#agent.isProven(from),
      permits: (from) => this.#rules.permits(from, performance.now()),
      onCheck: (from, isNominated) => this.#run((nowMs) => this.#checked(from, isNominated, nowMs)),
      onAnswer: (to, sentAtMs) => this.#run((nowMs) => this.#answered(to, sentAtMs, nowMs)),
    };
    this.#search = new BirthdaySearch({
      ...parts,
      gate: searchGate,
      limit: checkLimit,
      owner: this.#owner,
      isWanted: () => parts.birthdaySearch && this.#otherSearches === true && this.#tries !== "never",
      isSilent: () => this.#checklist.exhausted === "checks-timeout",
      theirs: () => this.#rules.theirs,
      isTarget: (address) =>
        this.#rules.permits(address, performance.now()) && isSearchable(address.address, this.#place),
      onOver: () => this.#run((nowMs) => this.#agent.advance(nowMs)),
    });
  }

  /** Tells the other side what this one wants, and listens. Not before the caller has it, as the other may have said a lot already. */
  start(): void {
    const { checks, control } = this.#parts;
    this.#remove = checks.add(this.#owner);
    control.open(this.#listener());
    this.#run((nowMs) => this.#agent.start(nowMs));
    control.read();
  }

  /** Where the packets go. */
  get route(): PacketRoute {
    return this.#route;
  }

  get agent(): Pick<Agent, "path" | "reason"> {
    return this.#agent;
  }

  onPath(event: PathEvent): void {
    this.#run((nowMs) => {
      if (event.kind === "opened") {
        if (!this.#opened.take(1, nowMs)) return this.#parts.onAbuse();
        this.#pathId = event.id;
        this.#agent.opened(nowMs);
      } else if (event.id !== this.#pathId) return;
      else if (event.kind === "closed") {
        this.#pathId = undefined;
        this.#agent.closed(nowMs);
      } else if (event.kind === "stalled") this.#agent.stalled(nowMs);
    });
  }

  onDetours(): void {
    this.#run((nowMs) => this.#agent.detoured(nowMs));
  }

  onMirrored(): void {
    this.#run((nowMs) => this.#agent.mirrored(nowMs));
  }

  /** Looks whether the relay carries data, and whether a path that nothing went by is wanted again. */
  onKeepalive(): void {
    if (this.#agent.path.phase === "open") return this.onMirrored();
    const { bytesSent = 0, bytesReceived = 0 } = this.#relayFigures ?? {};
    const moved = bytesSent + bytesReceived - this.#relayBytes;
    this.#relayBytes += moved;
    this.#run(() => this.#checklist.setActive(moved >= defaults.leastDataBytes));
  }

  onMoved(): void {
    hostView.lookAgain();
    this.#wasDirect = false;
    this.#search.moved(this.#agent.path.remote);
    this.#run((nowMs) => this.#agent.moved(nowMs));
  }

  onNatKnown(): void {
    this.#run(() => this.#agent.told());
    void this.#forecast.natKnown(performance.now());
  }

  /** Ends all checks. Idempotent. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#remove?.();
    this.#search.close();
    for (const release of this.#releases.values()) release();
    this.#releases.clear();
  }

  #listener(): ControlOwner {
    return {
      onMessage: (message) => this.#run((nowMs) => this.#receive(message, nowMs)),
      onEnd: (isCut) => {
        this.#talk.isCut = isCut;
        this.#search.stop();
        this.#run((nowMs) => this.#agent.end(nowMs));
      },
    };
  }

  #actions(): AgentActions {
    const { engine, socket, checks, control, wake } = this.#parts;
    return {
      send: (message) => {
        // It tells that a round begins, whose first checks have just left.
        if (message.type === "punch") void this.#forecast.roundBegins(performance.now());
        control.send(message);
      },
      check: (to, isNominated, nowMs, isOpener) => {
        if (this.#agent.isProven(to) || this.#rules.permits(to, nowMs))
          checks.send(this.#owner, to, isNominated, nowMs, isOpener);
      },
      accept: (address) =>
        void this.#releases.set(formatAddress(address), socket.allowDirect(address, this.#owner)),
      refuse: (address) => this.#refuse(formatAddress(address)),
      open: () => this.#open(),
      close: () => this.#pathId !== undefined && engine.closePath(this.#pathId) && wake(),
      prefer: (kind) => this.#prefer(kind),
      route: (route) => {
        this.#route = route;
        wake();
      },
      // Nothing else may be under way that would send it.
      askByRelay: () => engine.pingPath(relayPath) && wake(),
      figures: () => figuresOf(engine.paths(), relayPath, this.#pathId),
      relayRttMs: () => this.#relayFigures?.smoothedRtt ?? Infinity,
      nat: () => this.#forecast.report,
      gather: (theirs) => gatherCandidates(this.#place, this.#tries, theirs),
      permit: (theirs, nowMs) => this.#rules.take(theirs, nowMs),
      invited: (nowMs) => this.#search.invited(nowMs),
      explain: (exhausted, nowMs) => this.#explain(exhausted, nowMs),
      tell: (event) => {
        this.#wasDirect ||= event.kind === "selected";
        if (event.kind === "lost") this.#search.left();
        this.#parts.onEvent(event);
      },
    };
  }

  #receive(message: ControlMessage, nowMs: number): void {
    if (message.type === "hello") this.#otherSearches ??= message.searches;
    this.#agent.receive(message, nowMs);
  }

  #checked(from: Address, isNominated: boolean, nowMs: number): void {
    this.#agent.checked(from, isNominated, nowMs);
    this.#search.heard(from, nowMs);
  }

  #answered(to: Address, sentAtMs: number, nowMs: number): void {
    this.#search.answered(to);
    this.#agent.answered(to, sentAtMs, nowMs);
  }

  get #place(): Place {
    return placeOf(this.#parts);
  }

  get #tries(): DirectAgreement["tries"] {
    return this.#agent.agreement?.tries ?? "never";
  }

  #explain(exhausted: RelayReason, nowMs: number): RelayReason | undefined {
    if (exhausted !== "checks-timeout") return exhausted;
    if (this.#search.begin(nowMs)) return undefined;
    const { candidates = [], nat = unknownNat } = this.#rules.theirs ?? {};
    const isOfOneNat = isSameNat(this.#place.reflexive, candidates);
    const { nat: own } = this.#parts;
    return whySilent({ own, theirs: nat, isSameNat: isOfOneNat, wasDirect: this.#wasDirect });
  }

  #open(): boolean {
    const id = this.#parts.engine.openPath(true);
    if (typeof id !== "number") return false;
    this.#pathId = id;
    return true;
  }

  get #relayFigures(): EnginePath | undefined {
    return this.#parts.engine.paths().find(({ id }) => id === relayPath);
  }

  #refuse(key: string): void {
    this.#releases.get(key)?.();
    this.#releases.delete(key);
  }

  /** The other path is the backup. Each side decides for what it sends. */
  #prefer(kind: "relay" | "direct"): void {
    const { engine } = this.#parts;
    if (this.#pathId === undefined) return;
    engine.setPathBackup(kind === "relay" ? relayPath : this.#pathId, false);
    engine.setPathBackup(kind === "relay" ? this.#pathId : relayPath, true);
  }

  /** Runs a piece of work of the agent, and sees to what is due next. */
  #run(work: (nowMs: number) => void): void {
    if (this.#isClosed) return;
    work(performance.now());
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const { deadlineMs } = this.#agent;
    if (this.#isClosed || deadlineMs === Infinity) return;
    const waitMs = Math.min(Math.max(0, deadlineMs - performance.now()), defaults.maxTimerMs);
    this.#timer = setTimeout(() => this.#run((nowMs) => this.#agent.advance(nowMs)), waitMs);
    this.#timer.unref();
  }
}
