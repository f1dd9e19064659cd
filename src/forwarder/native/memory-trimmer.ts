import { memoryTrimMs } from "../../defaults/index.ts";
import { type LoadedAddon, loadAddon } from "./load.ts";

/** Those that have the process return freed memory to the system. It has one heap, however many relays. */
const holders = new Set<object>();
let timer: NodeJS.Timeout | undefined;

/**
 * Has the process return freed memory to the system, on either backend, until the returned function is called, which is
 * idempotent. Without the addon nothing happens, as JavaScript cannot ask for it.
 */
export function holdMemoryTrimmer(load: () => LoadedAddon = loadAddon): () => void {
  const loaded = load();
  if (!("addon" in loaded)) return () => undefined;
  const holder = {};
  holders.add(holder);
  timer ??= setInterval(() => loaded.addon.trimMemory(), memoryTrimMs).unref();
  return () => {
    holders.delete(holder);
    if (holders.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
