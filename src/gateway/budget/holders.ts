import { outboxIdleMs } from "../../defaults/index.ts";

/** A connection that holds room in the outbox. */
export interface RoomHolder {
  /** Returns how long its client has taken next to nothing of what waits for it, in ms. It grows no faster than `nowMs`. */
  idleMs(nowMs: number): number;
  /** Ends it. */
  giveUp(): void;
}

/** The connections that hold room in the outbox: no more than it has places for short responses. */
export class RoomHolders {
  readonly #holders = new Set<RoomHolder>();
  /** Time until which none of them can have stood still for long, in ms. */
  #allMovingUntilMs = -Infinity;

  add(holder: RoomHolder): void {
    this.#holders.add(holder);
  }

  delete(holder: RoomHolder): void {
    this.#holders.delete(holder);
  }

  /** Ends the connection that has stood still for the longest, if that is long. */
  makeRoom(nowMs: number): void {
    if (nowMs < this.#allMovingUntilMs) return;
    const [idleMs, holder] = this.#longestIdle(nowMs);
    // None stands still for longer than time goes by.
    if (idleMs < outboxIdleMs) this.#allMovingUntilMs = nowMs + outboxIdleMs - idleMs;
    else if (holder && this.#holders.delete(holder)) holder.giveUp();
  }

  #longestIdle(nowMs: number): readonly [idleMs: number, holder?: RoomHolder] {
    let longest: readonly [number, RoomHolder?] = [0];
    for (const holder of this.#holders) {
      const idleMs = holder.idleMs(nowMs);
      if (idleMs > longest[0]) longest = [idleMs, holder];
    }
    return longest;
  }
}
