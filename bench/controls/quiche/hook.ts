/**
 * Gives the peers of a process the engine that they had before noq: `node --import …/hook.ts`. All else is as it is today, so what
 * differs is the engine and the UDP port, as this engine has none.
 */
import { registerHooks } from "node:module";

const engine = new URL("../../../src/peer/engine/engine.ts", import.meta.url).href;
const other = new URL("engine.ts", import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    return resolved.url === engine ? { ...resolved, url: other } : resolved;
  },
});
