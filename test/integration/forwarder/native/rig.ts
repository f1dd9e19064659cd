import { describe } from "vitest";
import type { Forwarder, ForwarderOptions } from "../../../../src/forwarder/index.ts";
import { createNativeForwarder } from "../../../../src/forwarder/native/forwarder.ts";
import type { Addon, NativeConfig, NativeHandle } from "../../../../src/forwarder/native/addon.ts";
import { loadAddon } from "../../../../src/forwarder/native/load.ts";
import { has } from "../../harness/requirement.ts";

/** `describe` for the native backend, skipped with a word where the addon is not built. */
export const describeNative: typeof describe | typeof describe.skip = has("native")
  ? describe
  : describe.skip;

/** The addon; only for tests that {@link describeNative} lets run. */
export function requireAddon(): Addon {
  const loaded = loadAddon();
  if ("addon" in loaded) return loaded.addon;
  throw new TypeError(loaded.reason);
}

/** Opens the native backend on a clock that stands still. */
export function createNative(options: ForwarderOptions, clock: BigInt64Array): Promise<Forwarder> {
  return createNativeForwarder(options, { addon: requireAddon(), backendReason: "for a test", clock });
}

/** The same, with the handle of the addon handed to `seen`, and what it was opened with. */
export function createNativeSeen(
  seen: (handle: NativeHandle, config: NativeConfig) => void,
  change: Partial<NativeConfig> = {},
): (options: ForwarderOptions, clock: BigInt64Array) => Promise<Forwarder> {
  return (options, clock) => {
    const real = requireAddon();
    const addon: Addon = {
      ...real,
      open(config) {
        const changed = { ...config, ...change };
        const handle = real.open(changed);
        seen(handle, changed);
        return handle;
      },
    };
    return createNativeForwarder(options, { addon, backendReason: "for a test", clock });
  };
}
