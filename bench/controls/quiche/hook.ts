/**
 * Gives the peers of a process the engine that they had before noq, and has them register as then: `node --import …/hook.ts`. All
 * else is as it is today. This engine has no UDP port of its own, so packets go by `node:dgram`.
 */
import { registerHooks } from "node:module";

const peer = new URL("../../../src/peer/", import.meta.url).href;
/** By today's modules. */
const former: ReadonlyMap<string, string> = new Map([
  [`${peer}engine/engine.ts`, new URL("engine.ts", import.meta.url).href],
  [`${peer}relay/registering.ts`, new URL("registering.ts", import.meta.url).href],
]);

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    return { ...resolved, url: former.get(resolved.url) ?? resolved.url };
  },
});
