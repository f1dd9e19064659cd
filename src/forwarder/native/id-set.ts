/** A set of small numbers that are reused, such as ids: a byte for each, and nothing for deletions to move. */
export class IdSet {
  #flags = new Uint8Array(64);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: number): boolean {
    return this.#flags[id] === 1;
  }

  add(id: number): void {
    if (this.has(id)) return;
    if (id >= this.#flags.length) this.#grow(id + 1);
    this.#flags[id] = 1;
    this.#size++;
  }

  delete(id: number): void {
    if (!this.has(id)) return;
    this.#flags[id] = 0;
    this.#size--;
  }

  #grow(length: number): void {
    const flags = new Uint8Array(Math.max(length, 2 * this.#flags.length));
    flags.set(this.#flags);
    this.#flags = flags;
  }
}
