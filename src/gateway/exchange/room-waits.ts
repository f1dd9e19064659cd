import { minResponseBytes } from "../../defaults/index.ts";
import type { Room, RoomScope } from "../budget/room.ts";

/** Surroundings of {@link RoomWaits}. */
export interface RoomWaitsOptions {
  /** Called once per wait, with the scope that is full. */
  readonly onFull: (full: RoomScope) => void;
  /** Called while all sources together leave no room, whenever that is found: connections that stand still may have to go. */
  readonly onCrowded: () => void;
}

/** Waits of one connection for room in the outbox. */
export class RoomWaits {
  readonly #room: Room;
  readonly #options: RoomWaitsOptions;
  /** Ends the wait of each asker. */
  readonly #ends = new Map<object, () => void>();
  /** Waits that take nothing, before the app is asked for a response. */
  readonly #questions = new Map<object, () => void>();

  constructor(room: Room, options: RoomWaitsOptions) {
    this.#room = room;
    this.#options = options;
  }

  /** Whether there are no waits. */
  get isEmpty(): boolean {
    return this.#ends.size === 0;
  }

  /** Whether there is no room for a response, however short. */
  get isFull(): boolean {
    return this.#fullWith(minResponseBytes) !== undefined;
  }

  /** Takes bytes in the asker's turn. Resolves after `onTaken`, which is called as they are taken, or when the asker stops. */
  async take(bytes: number, asker: object, onTaken: () => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = (): void => {
      this.#ends.delete(asker);
      resolve();
    };
    const wait = {
      bytes,
      onTaken: () => {
        end();
        onTaken();
      },
    };
    const full = this.#room.enter(wait);
    if (full) {
      this.#begin(asker, full, () => {
        this.#room.leave(wait);
        end();
      });
    }
    await promise;
  }

  /** Resolves when there is room for a short response, or when the asker stops. */
  async room(asker: object): Promise<void> {
    const full = this.#fullWith(minResponseBytes);
    if (!full) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = (): void => {
      this.#ends.delete(asker);
      this.#questions.delete(asker);
      resolve();
    };
    this.#questions.set(asker, end);
    this.#begin(asker, full, end);
    await promise;
  }

  /** Ends the wait of `asker`. */
  stop(asker: object): void {
    this.#ends.get(asker)?.();
  }

  /** Ends all waits. */
  stopAll(): void {
    for (const end of this.#ends.values()) end();
  }

  /** Serves the waits for which there is room by now. */
  serve(): void {
    if (this.#room.serve()) this.#options.onCrowded();
    // As many as there is room for: the others would only find none again.
    let bytes = minResponseBytes;
    for (const end of this.#questions.values()) {
      if (this.#fullWith(bytes)) break;
      bytes += minResponseBytes;
      end();
    }
  }

  #begin(asker: object, full: RoomScope, end: () => void): void {
    this.#ends.set(asker, end);
    this.#options.onFull(full);
    if (full === "all") this.#options.onCrowded();
  }

  #fullWith(bytes: number): RoomScope | undefined {
    const full = this.#room.fullWith(bytes);
    // Bytes of other sources keep no request from the app; its response may have to wait.
    return full === "all" ? undefined : full;
  }
}
