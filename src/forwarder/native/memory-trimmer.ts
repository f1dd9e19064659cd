import { memoryTrimMs } from "../../defaults/index.ts";
import type { Addon } from "./addon.ts";

/** Those that have the process return freed memory to the system. It has one heap, however many relays. */
const holders = new Set<object>();
let timer: NodeJS.Timeout | undefined;

/** Has the process return freed memory to the system until the returned function is called, which is idempotent. */
export function holdMemoryTrimmer(addon: Pick<Addon, "trimMemory">): () => void {
  const holder = {};
  holders.add(holder);
  timer ??= setInterval(() => addon.trimMemory(), memoryTrimMs).unref();
  return () => {
    holders.delete(holder);
    if (holders.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}
