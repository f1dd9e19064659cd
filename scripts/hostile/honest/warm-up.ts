import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "../attack.ts";
import { register } from "./passers-by.ts";
import { uploadHttp3, uploadTcp } from "./uploader.ts";
import { visitHttp3, visitTcp } from "./visitor.ts";

/** Time for which honest clients come before memory is measured, in ms. */
const warmUpMs = 6000;
/** Honest clients at a time, and per second. Each opens three TCP connections; the relay lets in 100 a second. */
const atOnce = 4;
const perSecond = 25;

/**
 * Makes honest clients request pages, upload 256 KiB and register, over HTTP/3 and TCP. A process takes memory for its
 * first work and keeps it, regardless of the client.
 *
 * @throws if the relay refuses one of them.
 */
export async function warmUp(target: Target): Promise<void> {
  const startedAtMs = performance.now();
  let clients = 0;
  const comeAndGo = async (): Promise<void> => {
    for (;;) {
      const number = clients++;
      const atMs = (1000 * number) / perSecond;
      await sleep(Math.max(0, startedAtMs + atMs - performance.now()));
      if (performance.now() - startedAtMs >= warmUpMs) return;
      // From many networks, as one network may not come that often.
      const refused = await firstRefusal(target, `127.0.${1 + (number % 250)}.1`);
      if (refused) throw new Error(`honest client ${number} was refused ${refused}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, comeAndGo));
}

/** The actions of an honest client, by name. Each reports whether the relay did its part. */
const wishes: Readonly<Record<string, (target: Target, from: string) => Promise<boolean>>> = {
  "a visit over TCP": async (target, from) => (await visitTcp(target, from)) !== undefined,
  "a visit over HTTP/3": async (target, from) => (await visitHttp3(target, from)) !== undefined,
  "an upload over TCP": uploadTcp,
  "an upload over HTTP/3": uploadHttp3,
  "its registration": (target, from) => register(target, from, from),
};

async function firstRefusal(target: Target, from: string): Promise<string | undefined> {
  for (const [name, isServed] of Object.entries(wishes)) if (!(await isServed(target, from))) return name;
  return undefined;
}
