import { setTimeout as sleep } from "node:timers/promises";
import type { Target } from "../attack.ts";
import { register } from "./passers-by.ts";
import { uploadHttp3, uploadTcp } from "./uploader.ts";
import { visitHttp3, visitTcp } from "./visitor.ts";

/** How long honest clients come before a relay's memory is looked at, in ms. */
const warmUpMs = 6000;
/** How many of them are there at a time, and come per second: each connects by TCP three times, and the door lets in 100. */
const atOnce = 4;
const perSecond = 25;

/**
 * Has honest clients ask for pages, upload 256 KiB and register, over HTTP/3 and TCP: a process takes memory for its first work
 * and keeps it, whoever it works for.
 *
 * @throws if one of them is refused.
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
      // They come from everywhere, as one network may not come that often.
      const refused = await firstRefusal(target, `127.0.${1 + (number % 250)}.1`);
      if (refused) throw new Error(`honest client ${number} was refused ${refused}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, comeAndGo));
}

/** What an honest client does, by its name; each tells whether the relay did its part. */
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
