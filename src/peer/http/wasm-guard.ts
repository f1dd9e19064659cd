/**
 * Guards the exported functions of a WebAssembly instance that may trap. The HTTP/3 client traps if the relay's
 * certificate does not verify. Every later call into it, even from a timer of its own, would then throw where no caller
 * can catch it. So the first trap disables it: later calls do nothing.
 *
 * @param onTrap called once.
 */
export function guardExports<T extends { readonly exports: object }>(core: T, onTrap: () => void): T {
  let trapped = false;
  const guard = (name: string, call: (...args: unknown[]) => unknown) => {
    return (...args: unknown[]): unknown => {
      if (trapped) return idleResult(name);
      try {
        return call(...args);
      } catch {
        trapped = true;
        onTrap();
        return idleResult(name);
      }
    };
  };
  const guarded = Object.entries(core.exports).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === "function" ? guard(name, value as (...args: unknown[]) => unknown) : value,
  ]);
  return Object.create(core, { exports: { value: Object.fromEntries(guarded) as object } }) as T;
}

/** Returns the value with which a function of the client says that there is nothing to do, by its result type. */
function idleResult(name: string): number | bigint {
  if (name.endsWith("_timeout_ms")) return -1n;
  if (name.endsWith("_is_done")) return 1;
  return /(?:_alloc|_free|_buffer|_new|_last_error)$/.test(name) ? 0 : 0n;
}
