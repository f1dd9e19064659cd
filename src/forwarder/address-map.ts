/**
 * A map whose keys are an IP literal and a port. Two levels, because the socket hands the literal over as a
 * string: no key has to be put together for a look-up.
 */
export class AddressMap<T> {
  readonly #ports = new Map<string, Map<number, T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(address: string, port: number): T | undefined {
    return this.#ports.get(address)?.get(port);
  }

  set(address: string, port: number, value: T): void {
    let ports = this.#ports.get(address);
    if (!ports) this.#ports.set(address, (ports = new Map()));
    if (!ports.has(port)) this.#size++;
    ports.set(port, value);
  }

  delete(address: string, port: number): void {
    const ports = this.#ports.get(address);
    if (!ports?.delete(port)) return;
    this.#size--;
    if (ports.size === 0) this.#ports.delete(address);
  }

  *values(): Generator<T> {
    for (const ports of this.#ports.values()) yield* ports.values();
  }
}
