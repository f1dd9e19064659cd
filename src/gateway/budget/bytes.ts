/** Holder of a limit: one stream, one connection, one source (an IPv4 address or IPv6 /64), or all together. */
export type BudgetScope = "stream" | "connection" | "source" | "all";

/** Options of a {@link ByteBudget}. */
export interface ByteBudgetOptions<Scope extends BudgetScope> {
  readonly scope: Scope;
  readonly limitBytes: number;
  /** Whether it may hold no more than the wider scope leaves to all others; `false` if absent. */
  readonly isShare?: boolean;
  /** The wider scope in which its bytes count as well. */
  readonly parent?: ByteBudget<Scope>;
}

/**
 * Bytes that a scope holds. They count in every wider scope too. A scope that holds nothing may take one piece of any size,
 * because the piece already exists when it is counted. A source may hold no more than is left for all others, and so may a
 * network, so that those that fill the total leave room for a newcomer.
 */
export class ByteBudget<Scope extends BudgetScope = BudgetScope> {
  readonly #options: ByteBudgetOptions<Scope>;
  #heldBytes = 0;

  constructor(options: ByteBudgetOptions<Scope>) {
    this.#options = options;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Takes bytes here and in every wider scope.
   *
   * @returns the scope that has no room for them; then none are taken.
   */
  take(bytes: number): Scope | undefined {
    const full = this.fullWith(bytes);
    if (full) return full;
    this.#add(bytes);
    return undefined;
  }

  /** Gives back bytes that were taken here. */
  give(bytes: number): void {
    this.#add(-Math.min(bytes, this.#heldBytes));
  }

  /** Gives back everything held here. */
  clear(): void {
    this.give(this.#heldBytes);
  }

  /** Returns the scope that has no room for `bytes`, looking from this one outwards. */
  fullWith(bytes: number): Scope | undefined {
    return this.shortOf(bytes) ?? this.#options.parent?.fullWith(bytes);
  }

  /** Returns the scope for whose limit this one may not hold `bytes` more: itself, or the one that it leaves a rest of. */
  shortOf(bytes: number): Scope | undefined {
    const { scope, limitBytes, isShare, parent } = this.#options;
    if (this.#heldBytes === 0) return undefined;
    const withBytes = this.#heldBytes + bytes;
    if (withBytes > limitBytes) return scope;
    return isShare && parent && withBytes > parent.#restBytes ? parent.#options.scope : undefined;
  }

  get #restBytes(): number {
    const { limitBytes, parent } = this.#options;
    return Math.min(limitBytes - this.#heldBytes, parent ? parent.#restBytes : Infinity);
  }

  #add(bytes: number): void {
    this.#heldBytes += bytes;
    const { parent } = this.#options;
    if (parent) parent.#add(bytes);
  }
}
