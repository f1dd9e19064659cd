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

/**
 * The room of one scope in the outbox. Waits begin in a connection's room and are served in order there. Each room puts its first
 * wait forward in the next wider one, in which the narrower rooms take turns. A source therefore delays only its own, however
 * many waits it has, and serving one costs no more than the number of scopes.
 */
export class Room {
  readonly #scope: RoomScope;
  readonly #bytes: ByteBudget<RoomScope>;
  readonly #parent: Room | undefined;
  /** Waits that began here, in order of arrival. */
  readonly #waits = new Set<RoomWait>();
  /** Narrower rooms that have put their first wait forward, the next first. None is without a wait. */
  readonly #turns = new Set<Room>();

  constructor({ scope, limitBytes, parent }: RoomOptions) {
    this.#scope = scope;
    this.#parent = parent;
    const isShare = scope === "source";
    this.#bytes = new ByteBudget({ scope, limitBytes, isShare, ...(parent && { parent: parent.#bytes }) });
  }

  get heldBytes(): number {
    return this.#bytes.heldBytes;
  }

  /** Returns the scope, from this one outwards, in which a newcomer would have to wait for `bytes`. */
  fullWith(bytes: number): RoomScope | undefined {
    return this.#bytes.shortOf(bytes) ?? this.#full ?? this.#parent?.fullWith(bytes);
  }

  /** Takes the bytes of `wait`, now or in its turn. Returns the scope that it waits for, `undefined` if it does not wait. */
  enter(wait: RoomWait): RoomScope | undefined {
    this.#waits.add(wait);
    if (this.#first === wait) this.serve();
    return this.#waits.has(wait) ? this.#full : undefined;
  }

  /** Ends a wait that began here. */
  leave(wait: RoomWait): void {
    this.#waits.delete(wait);
    if (!this.#first) this.#withdraw();
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
   * Takes the bytes of the waits here and in wider scopes, in turn, for as far as there is room.
   *
   * @returns whether all sources together leave too little for one of them.
   */
  serve(): boolean {
    if (!this.#parent) this.#takeTurns();
    else if (this.#first && !this.#bytes.shortOf(this.#first.bytes)) this.#parent.#turns.add(this);
    return (this.#parent?.serve() ?? false) || this.#full === "all";
  }

  /** The wait that is served next here. */
  get #first(): RoomWait | undefined {
    for (const wait of this.#waits) return wait;
    for (const room of this.#turns) return room.#first;
    return undefined;
  }

  /** The scope that the first wait here waits for. Bytes that were given back and not passed on yet are not for newcomers. */
  get #full(): RoomScope | undefined {
    const wait = this.#first;
    if (!wait) return undefined;
    return this.#bytes.shortOf(wait.bytes) ?? (this.#parent && this.#parent.#full) ?? this.#scope;
  }

  /** In the widest room: serves the waits put forward until the next one finds it full. */
  #takeTurns(): void {
    for (let wait = this.#first; wait && !this.#bytes.shortOf(wait.bytes); wait = this.#first)
      this.#take(wait);
  }

  /** Takes the bytes of its first wait, or withdraws it if there is no room by now. */
  #take(wait: RoomWait): void {
    if (this.#bytes.shortOf(wait.bytes)) return this.#withdraw();
    for (const room of this.#turns) return room.#take(wait);
    this.#bytes.take(wait.bytes);
    this.#waits.delete(wait);
    this.#passTurn();
    wait.onTaken();
  }

  /** Goes to the end of the turns in every wider scope. */
  #passTurn(): void {
    const parent = this.#parent;
    if (!parent) return;
    parent.#turns.delete(this);
    if (this.#first) parent.#turns.add(this);
    parent.#passTurn();
  }

  /** Waits in no wider scope for now. */
  #withdraw(): void {
    const parent = this.#parent;
    if (!parent) return;
    parent.#turns.delete(this);
    if (!parent.#first) parent.#withdraw();
  }
}
