import { answersToJudge } from "../../defaults/index.ts";
import { type Address, sameAddress } from "../../wire/address.ts";
import { isWorthIt } from "./keeping/choice.ts";
import type { AgentActions, AgentParts } from "./agent-parts.ts";
import { DirectPath } from "./keeping/direct-path.ts";
import type { Candidate, CandidateList, ControlMessage, Hello } from "./control/messages.ts";
import { type DirectAgreement, type RelayReason, stricter } from "./policy.ts";
import { ListInbox } from "./control/list-inbox.ts";
import { PunchInbox } from "./control/punch-inbox.ts";
import { OwnList } from "./control/own-list.ts";
import { Accepted } from "./keeping/accepted.ts";
import { Answers } from "./seeking/answers.ts";
import { Quarantine } from "./keeping/quarantine.ts";
import { News } from "./news.ts";

/**
 * Finds a direct path for one connection, and leaves it when it dies: the other side's messages, checks, the engine's events and a
 * clock come in, actions go out.
 */
export class Agent {
  readonly #parts: AgentParts;
  readonly #actions: AgentActions;
  readonly #path: DirectPath;
  readonly #quarantine: Quarantine = new Quarantine();
  readonly #accepted: Accepted;
  readonly #answers: Answers = new Answers();
  #other: Hello | undefined;
  #others: readonly Candidate[] = [];
  readonly #own: OwnList = new OwnList();
  readonly #lists: ListInbox = new ListInbox(0);
  readonly #punches: PunchInbox = new PunchInbox();
  #startMs = 0;
  /** From HELLO to the other side's answer to it: the round trip by the relay, and some time of its process. */
  #relayRttMs = 0;
  /** The address that the client wants, until it answers a check. */
  #wished: Address | undefined;
  readonly #news: News;
  #hasEnded = false;
  /** The last round that the other side was told of. */
  #toldRound = 0;

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.#actions = parts.actions;
    this.#accepted = new Accepted(parts.actions);
    this.#news = new News((event) => this.#actions.tell(event));
    this.#path = new DirectPath(parts.role, {
      ...parts.actions,
      check: (to, nowMs) => this.#actions.check(to, parts.role === "client", nowMs),
      selected: ({ address, rttMs }) => this.#selected(address, rttMs),
      standing: (standing) => this.#news.stands(standing, this.#path.remote!, this.#path.rttMs),
      left: (reason, remote, nowMs) => this.#left(reason, remote, nowMs),
    });
  }

  /** Whether an address has answered a check. */
  isProven(address: Address): boolean {
    return this.#answers.has(address);
  }

  /** What both sides' policies allow; `undefined` before the other side's is known. */
  get agreement(): DirectAgreement | undefined {
    return this.#other && stricter(this.#parts.hello.policy, this.#other.policy);
  }

  /** Why the connection is on the relay; `undefined` on a direct path, and while one is being looked for. */
  get reason(): RelayReason | undefined {
    return this.#path.phase === "open" ? undefined : this.#news.reason;
  }

  get path(): Pick<DirectPath, "phase" | "remote" | "rttMs"> {
    return this.#path;
  }

  start(nowMs: number): void {
    this.#startMs = nowMs;
    this.#actions.send(this.#parts.hello);
  }

  receive(message: ControlMessage, nowMs: number): void {
    if (message.type === "hello") this.#agree(message);
    else if (!this.#maySeek) return;
    else if (message.type === "candidates") this.#hear(message, nowMs);
    else if (message.type === "punch") {
      this.#punches.put(message);
      if (this.#punches.deadlineMs <= nowMs) this.advance(nowMs);
    } else if (message.type === "gone") this.#path.gone(nowMs);
  }

  /** A check with this side's tag and secret has come, and been answered. */
  checked(from: Address, isNominated: boolean, nowMs: number): void {
    if (!this.#maySeek) return;
    this.#accepted.offer(from, this.#path.remote, nowMs);
    if (!this.#answers.has(from)) this.#parts.checklist.heard(from, nowMs);
    this.#path.checked(from, nowMs);
    if (isNominated && this.#parts.role === "server") this.#follow(from, nowMs);
  }

  /** A check of this side was answered: packets get through both ways. */
  answered(to: Address, sentAtMs: number, nowMs: number): void {
    if (!this.#maySeek) return;
    this.#accepted.add(to, this.#path.remote);
    const { rttMs, count } = this.#answers.note(to, nowMs - sentAtMs, nowMs);
    this.#parts.checklist.answered(to);
    this.#path.answered(to, sentAtMs, nowMs);
    if (this.#parts.role === "client") this.#nominate(to, rttMs, count, nowMs);
    else if (this.#wished && sameAddress(to, this.#wished)) this.#take(to, rttMs, nowMs);
  }

  /** This side's addresses may have changed. */
  moved(nowMs: number): void {
    if (!this.#maySeek) return;
    this.#quarantine.clear();
    this.#announce();
    // A path in use is watched, and left if it is the one that is gone.
    if (this.#path.phase !== "open") this.#parts.checklist.restart(nowMs);
    this.advance(nowMs);
  }

  /** What this side tells of its NAT may have changed, and its network has not. */
  told(): void {
    if (this.#maySeek) this.#announce();
  }

  /** The other side says no more about paths. */
  end(nowMs: number): void {
    this.#hasEnded = true;
    this.#path.gone(nowMs);
    this.#refuse("peer-unsupported");
  }

  opened(nowMs: number): void {
    if (this.#path.remote) this.#news.opened(this.#path.remote);
    this.#path.opened(nowMs);
  }

  closed(nowMs: number): void {
    this.#path.closed(nowMs);
    if (!this.#maySeek || this.#parts.role === "server") return;
    // Others may have answered while the path was being left, when there was no room for another.
    for (const address of this.#answers.addresses)
      if (!this.#quarantine.has(address, nowMs)) this.#actions.check(address, false, nowMs);
  }

  stalled(nowMs: number): void {
    this.#path.stalled(nowMs);
  }

  detoured(nowMs: number): void {
    this.#path.detoured(nowMs);
  }

  /** Packets have gone both ways, or it is time to look whether there are any. */
  mirrored(nowMs: number): void {
    this.#path.mirrored(nowMs);
  }

  /** Does what is due. */
  advance(nowMs: number): void {
    if (this.#maySeek) {
      const begun = this.#punches.take(nowMs);
      if (begun?.round) this.#parts.checklist.meet(begun.round, nowMs);
      this.#learn(nowMs);
      if (begun?.isSearch) this.#actions.invited(nowMs);
      this.#punch(nowMs);
      this.#wake(nowMs);
    }
    this.#path.advance(nowMs);
  }

  /** When {@link advance} is due, in ms of the clock; `Infinity` if never. */
  get deadlineMs(): number {
    const pathMs = this.#path.deadlineMs;
    if (!this.#maySeek) return pathMs;
    const roundMs = this.#parts.checklist.deadline() ?? Infinity;
    return Math.min(
      this.#lists.deadlineMs,
      this.#punches.deadlineMs,
      roundMs,
      this.#quarantine.awaitedMs,
      pathMs,
    );
  }

  /** Whether both sides want a direct path. No address is told or checked before. */
  get #maySeek(): boolean {
    return !this.#hasEnded && this.agreement !== undefined && this.agreement.tries !== "never";
  }

  #agree(hello: Hello): void {
    if (this.#other) return;
    this.#other = hello;
    const { reason } = this.agreement!;
    if (reason) this.#refuse(reason);
    else this.#announce();
  }

  /** Tells this side's candidates, if they are others than before. */
  #announce(): void {
    const list = this.#own.next(this.#actions.gather(this.#others), this.#actions.nat());
    if (list) this.#actions.send(list);
  }

  /** Takes the other side's list, to look at it when all that came with it has been read. */
  #hear(list: CandidateList, nowMs: number): void {
    if (this.#lists.isEmpty) this.#relayRttMs = nowMs - this.#startMs;
    this.#lists.put(list, nowMs);
  }

  #learn(nowMs: number): void {
    const list = this.#lists.take(nowMs);
    if (!list) return;
    this.#others = list.candidates;
    // The other side's show whether both are behind one NAT.
    this.#announce();
    const { targets, guesses } = this.#actions.permit(list, nowMs);
    const { checklist } = this.#parts;
    checklist.setCandidates(targets, nowMs, guesses);
    // With nobody to ask there are no rounds, until a check comes from somewhere.
    if (targets.length === 0 && checklist.round === 0) return this.#refuse("no-candidates");
    if (checklist.round === 0) checklist.start(1, nowMs);
    this.#punch(nowMs);
  }

  /** Sends the checks that are due, and tells the other side of a new round, so that both sides' checks meet. */
  #punch(nowMs: number): void {
    const { checklist } = this.#parts;
    for (const to of checklist.due(nowMs)) this.#actions.check(to, false, nowMs, checklist.isOpener(to));
    if (checklist.round > this.#toldRound) {
      this.#toldRound = checklist.round;
      this.#actions.send({ type: "punch", round: checklist.round, mode: "normal" });
    }
    this.#refuse(checklist.exhausted && this.#actions.explain(checklist.exhausted, nowMs));
  }

  /** @param count how many answers the round trip is the shortest of. */
  #nominate(to: Address, rttMs: number, count: number, nowMs: number): void {
    if (this.#quarantine.has(to, nowMs)) {
      this.#quarantine.await(to);
      return this.#refuse("quarantined");
    }
    if (!isWorthIt(rttMs, Math.max(this.#relayRttMs, this.#actions.relayRttMs()))) {
      // One long round trip may be a wait in a busy process.
      if (count < answersToJudge) return this.#actions.check(to, false, nowMs);
      return this.#refuse("slower-than-relay");
    }
    if (this.#path.isFree) {
      this.#actions.check(to, true, nowMs);
      this.#path.take({ address: to, rttMs }, nowMs);
    } else if (this.#path.consider({ address: to, rttMs }, nowMs)) this.#actions.check(to, true, nowMs);
  }

  /** Asks an address again whose rest is over: no check may come from it by itself. */
  #wake(nowMs: number): void {
    const address = this.#quarantine.takeAwaited(nowMs);
    if (address && this.#path.isFree) this.#actions.check(address, false, nowMs);
  }

  /** Follows the client's choice, as soon as the address is known to answer now. */
  #follow(from: Address, nowMs: number): void {
    const { phase, remote } = this.#path;
    if (phase === "open" && sameAddress(remote!, from)) return;
    this.#wished = from;
    const rttMs = this.#answers.rttMs(from, nowMs);
    if (rttMs !== undefined) this.#take(from, rttMs, nowMs);
    // An address that has never answered has its check in the round, within the limits of that.
    else if (this.#answers.mayAsk(from, nowMs)) this.#actions.check(from, false, nowMs);
  }

  #take(to: Address, rttMs: number, nowMs: number): void {
    this.#wished = undefined;
    this.#path.take({ address: to, rttMs }, nowMs);
  }

  #selected(remote: Address, rttMs: number): void {
    this.#parts.checklist.setActive(false);
    this.#news.selected(remote, rttMs);
    this.#actions.send({ type: "path", kind: "direct" });
  }

  #left(reason: RelayReason, remote: Address, nowMs: number): void {
    this.#answers.forget(remote);
    this.#quarantine.add(remote, nowMs);
    this.#actions.send({ type: "gone" });
    this.#news.left(reason, remote);
    this.#parts.checklist.forget(remote);
    this.#parts.checklist.setActive(true);
    if (this.#maySeek) this.#parts.checklist.restart(nowMs);
  }

  #refuse(reason: RelayReason | undefined): void {
    if (reason && this.#path.phase === "none") this.#news.refused(reason);
  }
}
