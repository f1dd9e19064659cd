import * as defaults from "../../../defaults/index.ts";
import { type Address, sameAddress } from "../../../wire/address.ts";
import type { PacketRoute } from "../../udp/contract.ts";
import { type Answering, isBetter } from "./choice.ts";
import { Losses } from "./losses.ts";
import type { RelayReason } from "../policy.ts";
import { PathWatch, type Standing } from "./watch.ts";

/** Figures of a connection with a direct path, since each path was opened. */
export interface PathFigures {
  /** Packets that have come with connection IDs of the relay's path. */
  readonly relayReceived: number;
  /** Bytes of QUIC packets of both paths, both directions together. */
  readonly bytes: number;
  readonly packetsSent: number;
  readonly packetsLost: number;
}

/** What a {@link DirectPath} does. */
export interface DirectPathActions {
  /** Sends a check to the address in use. */
  check(to: Address, nowMs: number): void;
  /** Opens the path in QUIC. Returns `false` if that is not possible yet. */
  open(): boolean;
  close(): void;
  /** Prefers one of the two paths for what is sent from now on. */
  prefer(kind: "relay" | "direct"): void;
  route(route: PacketRoute): void;
  /** Has the other side show by the relay that it is there. */
  askByRelay(): void;
  figures(): PathFigures | undefined;
  selected(answering: Answering): void;
  standing(standing: Standing): void;
  left(reason: RelayReason, remote: Address, nowMs: number): void;
}

type Phase = "none" | "opening" | "open" | "leaving" | "closing";

/** The direct path of one connection: opened, chosen, watched, and left. Events and a clock come in, actions go out. */
export class DirectPath {
  readonly #actions: DirectPathActions;
  /** Only a client opens and closes paths. */
  readonly #isClient: boolean;
  #phase: Phase = "none";
  #isOpen = false;
  #answering: Answering | undefined;
  #takenAtMs = 0;
  #watch: PathWatch | undefined;
  #losses = new Losses();
  /** What the route was last brought into line with. */
  #standing: Standing | undefined;
  #hasConsent = true;
  #nextMs = Infinity;
  /** When QUIC must have opened the path. */
  #giveUpMs = Infinity;
  /** Whether QUIC opens it. */
  #hasAsked = false;
  /**
   * Until then packets that come by the relay are no sign. The other side may still be proving the address; or it has followed this
   * one's doubt, and the two would go on for ever.
   */
  #sureUntilMs = 0;
  #look = { atMs: 0, bytes: 0 };
  /** Packets by the relay that are known of. */
  #relayReceived = 0;

  constructor(role: "client" | "server", actions: DirectPathActions) {
    this.#isClient = role === "client";
    this.#actions = actions;
  }

  /** The address in use, or about to be. */
  get remote(): Address | undefined {
    return this.#answering?.address;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get rttMs(): number {
    return this.#watch?.rttMs ?? this.#answering?.rttMs ?? 0;
  }

  /** Whether a new address may be taken now. */
  get isFree(): boolean {
    return this.#phase === "none";
  }

  /** Takes an address that answers checks. */
  take(answering: Answering, nowMs: number): void {
    this.#answering = answering;
    this.#takenAtMs = nowMs;
    this.#sureUntilMs = nowMs + defaults.settleMs;
    if (this.#phase === "open") return this.#choose(nowMs);
    this.#phase = "opening";
    this.#hasAsked = false;
    this.#nextMs = this.#isClient ? nowMs : Infinity;
    this.#giveUpMs = nowMs + defaults.openTimeoutMs;
    if (this.#isOpen) this.#choose(nowMs);
    else this.advance(nowMs);
  }

  /** Changes to another address that answers, if that pays. */
  consider(answering: Answering, nowMs: number): boolean {
    if (this.#phase !== "open" || sameAddress(answering.address, this.remote!)) return false;
    if (nowMs - this.#takenAtMs < defaults.dwellMs) return false;
    if (!isBetter(answering, { address: this.remote!, rttMs: this.rttMs })) return false;
    this.take(answering, nowMs);
    return true;
  }

  /** The path carries packets, whoever opened it. */
  opened(nowMs: number): void {
    this.#isOpen = true;
    if (this.#phase === "opening") this.#choose(nowMs);
  }

  closed(nowMs: number): void {
    this.#isOpen = false;
    if (this.#phase === "open") this.#leave("checks-timeout", nowMs);
    this.#forget();
  }

  /** Packets of the path go unacknowledged. */
  stalled(nowMs: number): void {
    this.#watch?.doubt(nowMs);
    this.#follow(nowMs);
  }

  /** Packets of the path have come by the relay: the other side doubts it, or has nothing under way. */
  detoured(nowMs: number): void {
    this.#watch?.heardByRelay(nowMs);
    if (this.#isMoving(nowMs) && nowMs >= this.#sureUntilMs) this.#watch?.doubt(nowMs);
    this.#follow(nowMs);
  }

  /** Packets have gone both ways. */
  mirrored(nowMs: number): void {
    if (this.#isMoving(nowMs)) this.#watch?.moved(nowMs);
    this.#follow(nowMs);
  }

  /** A check has come from an address. */
  checked(from: Address, nowMs: number): void {
    if (!this.remote || !sameAddress(from, this.remote)) return;
    this.#watch?.checked(nowMs);
    this.#follow(nowMs);
  }

  /** A check of an address was answered. */
  answered(to: Address, sentAtMs: number, nowMs: number): void {
    if (!this.remote || !sameAddress(to, this.remote)) return;
    this.#watch?.answered(sentAtMs, nowMs);
    this.#follow(nowMs);
  }

  /** The other side, or this one's system, knows that the path is gone. */
  gone(nowMs: number): void {
    if (this.#phase === "opening") this.#giveUp();
    this.#watch?.lose();
    this.#follow(nowMs);
  }

  /** Does what is due. */
  advance(nowMs: number): void {
    if (this.#phase === "opening" && nowMs >= this.#giveUpMs) this.#giveUp();
    else if (this.#phase === "opening") this.#open(nowMs);
    else if (this.#phase === "open") this.#check(nowMs);
    else if (this.#phase === "leaving" && nowMs >= this.#nextMs) this.#close();
  }

  /** When {@link advance} is due; `Infinity` if never. */
  get deadlineMs(): number {
    if (this.#phase === "opening") return Math.min(this.#nextMs, this.#giveUpMs);
    return this.#phase === "open" ? this.#watch!.deadlineMs : this.#nextMs;
  }

  #open(nowMs: number): void {
    if (!this.#isClient || this.#isOpen || nowMs < this.#nextMs) return;
    this.#hasAsked = this.#actions.open();
    this.#nextMs = this.#hasAsked ? Infinity : nowMs + defaults.openAgainMs;
    this.#actions.route({ direct: this.remote, isMirrored: false });
  }

  /** Uses the address. What is known of the one before says nothing about it. */
  #choose(nowMs: number): void {
    const { rttMs } = this.#answering!;
    const figures = this.#actions.figures();
    this.#phase = "open";
    this.#nextMs = Infinity;
    this.#watch = new PathWatch(rttMs, this.#isClient, nowMs);
    this.#losses = new Losses();
    this.#look = { atMs: nowMs, bytes: figures?.bytes ?? 0 };
    this.#relayReceived = figures?.relayReceived ?? 0;
    this.#actions.selected(this.#answering!);
    this.#apply(nowMs, true);
  }

  #check(nowMs: number): void {
    const watch = this.#watch!;
    if (this.#isMoving(nowMs)) watch.moved(nowMs);
    const isDue = watch.advance(nowMs);
    if (isDue) this.#actions.check(this.remote!, nowMs);
    if (isDue && watch.standing === "suspect") this.#actions.askByRelay();
    this.#follow(nowMs);
  }

  /** Looks at the figures, and reports whether there has been data since a second ago at most. */
  #isMoving(nowMs: number): boolean {
    const figures = this.#phase === "open" ? this.#actions.figures() : undefined;
    if (!figures) return false;
    const { bytes, relayReceived } = figures;
    if (relayReceived > this.#relayReceived) this.#watch!.heardByRelay(nowMs);
    this.#relayReceived = relayReceived;
    const isMoving = bytes - this.#look.bytes >= defaults.leastDataBytes;
    if (isMoving || nowMs - this.#look.atMs >= defaults.trustedCheckMs) this.#look = { atMs: nowMs, bytes };
    if (this.#losses.isLossy(figures.packetsSent, figures.packetsLost, nowMs)) this.#leave("lossy", nowMs);
    return isMoving;
  }

  #follow(nowMs: number): void {
    if (this.#phase === "open") this.#apply(nowMs, false);
  }

  /** Brings the route into line with the standing. */
  #apply(nowMs: number, isNew: boolean): void {
    const { standing, hasConsent } = this.#watch!;
    if (standing === "lost") return this.#leave("checks-timeout", nowMs);
    if (isNew || hasConsent !== this.#hasConsent) this.#actions.prefer(hasConsent ? "direct" : "relay");
    else if (standing === this.#standing) return;
    this.#hasConsent = hasConsent;
    if (standing === "trusted" && this.#standing === "suspect")
      this.#sureUntilMs = nowMs + defaults.reassuredMs;
    this.#standing = standing;
    this.#actions.route({ direct: hasConsent ? this.remote : undefined, isMirrored: standing !== "trusted" });
    this.#actions.standing(standing);
  }

  /** New data takes the relay's path. The direct one mends its losses by the relay, and is closed when that is done. */
  #leave(reason: RelayReason, nowMs: number): void {
    const remote = this.remote!;
    this.#phase = "leaving";
    this.#nextMs = this.#isClient ? nowMs + defaults.leaveMs : Infinity;
    this.#standing = undefined;
    this.#watch = undefined;
    this.#actions.prefer("relay");
    this.#actions.route({ direct: undefined, isMirrored: false });
    this.#actions.left(reason, remote, nowMs);
  }

  #giveUp(): void {
    if (this.#hasAsked) this.#close();
    else this.#forget();
  }

  #close(): void {
    this.#phase = "closing";
    this.#nextMs = Infinity;
    this.#actions.close();
  }

  #forget(): void {
    this.#phase = "none";
    this.#nextMs = Infinity;
    this.#answering = undefined;
    this.#watch = undefined;
    this.#standing = undefined;
  }
}
