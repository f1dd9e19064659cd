import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { loadPackage } from "../../optional-package.ts";

/** The HTTP/3 client, in WebAssembly. Only `session.ts` uses it. */
export type Wasm = typeof import("@currentspace/http3/wasm");
export type WasmEvent = import("@currentspace/http3/wasm").WasmEvent;
export type WasmCore = ReturnType<Wasm["loadHttp3WasmCoreFromFile"]>;

/** Event numbers of the HTTP/3 client. */
export const wasmEvent = {
  finished: 5,
  reset: 6,
  sessionClose: 7,
  goaway: 9,
  error: 10,
  connected: 11,
} as const;

/** @throws ERR_QUICPIPE_DEPENDENCY_MISSING if `@currentspace/http3` is not installed. */
export function importWasm(): Promise<Wasm> {
  return loadPackage(
    () => import("@currentspace/http3/wasm"),
    "HTTP/3 to a relay needs the package @currentspace/http3: run `npm install @currentspace/http3`",
  );
}

/** Loads the client's functions. @param onTrap called once, at the first trap, see {@link guardExports}. */
export function loadCore(wasm: Wasm, onTrap: () => void): WasmCore {
  const entry = createRequire(import.meta.url).resolve("@currentspace/http3/wasm");
  return guardExports(wasm.loadHttp3WasmCoreFromFile(join(dirname(entry), "http3_client.wasm")), onTrap);
}

/**
 * Guards the exported functions of a WebAssembly instance that may trap. The HTTP/3 client traps if the relay's
 * certificate does not verify. Every later call into it, even from a timer of its own, would then throw where no caller
 * can catch it. So the first trap disables it: later calls do nothing.
 *
 * @param onTrap called once.
 */
function guardExports<T extends { readonly exports: object }>(core: T, onTrap: () => void): T {
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
