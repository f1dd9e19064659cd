import { ByteBudget } from "./bytes.ts";

/** Holder of a limit in the outbox. Of a stream it has none. */
export type RoomScope = "connection" | "source" | "all";

/** Options of a {@link Room}. */
export interface RoomOptions {
  readonly scope: RoomScope;
  readonly limitBytes: number;
  /** The wider scope in which its bytes count as well. */
  readonly parent?: Room;
}

/** A wait for room. */
export interface RoomWait {
  readonly bytes: number;
  /** Called once its bytes are taken. */
  readonly onTaken: () => void;
}

/** Where a wait stands. */
interface Place {
  /** The room whose turn it waits for. */
  readonly at: Room;
  /** The scope found full when it was last looked at. */
  readonly full: RoomScope;
}

/**
 * The room of one scope in the outbox. Whoever finds none waits in the queue of the narrowest scope that is short, and all who
 * come later and need that scope wait behind, so that many small pieces do not starve a large one.
 */
export class Room {
  readonly #bytes: ByteBudget<RoomScope>;
  readonly #parent: Room | undefined;
  /** This room and the wider ones. */
  readonly #scopes: readonly Room[];
  /** Those who wait here, in order of arrival. */
  readonly #queue = new Map<RoomWait, Room>();
  /** Places of the waits that began in this room, which may be in wider ones. */
  readonly #places = new Map<RoomWait, Place>();

  constructor({ scope, limitBytes, parent }: RoomOptions) {
    this.#parent = parent;
    this.#scopes = [this, ...(parent ? parent.#scopes : [])];
    this.#bytes = new ByteBudget({ scope, limitBytes, ...(parent && { parent: parent.#bytes }) });
  }

  get heldBytes(): number {
    return this.#bytes.heldBytes;
  }

  /** Returns the scope, from this one outwards, in which a newcomer would have to wait for `bytes`. */
  fullWith(bytes: number): RoomScope | undefined {
    return this.#bytes.shortOf(bytes) ?? this.#head?.full ?? this.#parent?.fullWith(bytes);
  }

  /** Takes the bytes of `wait`, now or in its turn. Returns the scope that it waits for, `undefined` if it does not wait. */
  enter(wait: RoomWait): RoomScope | undefined {
    this.#look(wait);
    return this.#places.get(wait)?.full;
  }

  /** Ends a wait that began here. */
  leave(wait: RoomWait): void {
    const place = this.#places.get(wait);
    if (place) place.at.#queue.delete(wait);
    this.#places.delete(wait);
  }

  /** Gives back bytes that were taken here. {@link serve} passes them on. */
  give(bytes: number): void {
    this.#bytes.give(bytes);
  }

  /** Gives back everything held here, and passes it on. */
  clear(): void {
    this.#bytes.clear();
    this.serve();
  }

  /**
   * Takes the bytes of those who wait here and in wider scopes, in order, for as far as there is room.
   *
   * @returns whether all sources together leave too little for somebody there.
   */
  serve(): boolean {
    for (const [wait, from] of this.#queue) {
      from.#look(wait);
      if (this.#queue.has(wait)) break;
    }
    const isCrowded = this.#head?.full === "all";
    return (this.#parent?.serve() ?? false) || isCrowded;
  }

  /** Where the first in this queue stands. */
  get #head(): Place | undefined {
    for (const [wait, from] of this.#queue) return from.#places.get(wait);
    return undefined;
  }

  /** Takes the bytes of a wait that began here and whose turn it is, or has it wait where there is no room. */
  #look(wait: RoomWait): void {
    const before = this.#places.get(wait)?.at;
    // Up to its own queue it is past all others.
    let isFirst = before !== undefined;
    for (const room of this.#scopes) {
      const full = room.#bytes.shortOf(wait.bytes) ?? (isFirst ? undefined : room.#head?.full);
      if (full) return this.#stand(wait, { at: room, full });
      if (room === before) isFirst = false;
    }
    this.leave(wait);
    this.#bytes.take(wait.bytes);
    wait.onTaken();
  }

  #stand(wait: RoomWait, place: Place): void {
    const before = this.#places.get(wait)?.at;
    if (before && before !== place.at) before.#queue.delete(wait);
    place.at.#queue.set(wait, this);
    this.#places.set(wait, place);
  }
}
