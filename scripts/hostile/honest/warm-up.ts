import type { Target } from "../attack.ts";
import { register } from "./passers-by.ts";
import { uploadHttp3, uploadTcp } from "./uploader.ts";
import { visitHttp3, visitTcp } from "./visitor.ts";

/** How long honest clients come before a relay's memory is looked at, in ms. */
const warmUpMs = 6000;
/** How many of them are there at a time. */
const atOnce = 4;

/**
 * Has honest clients ask for pages, upload 256 KiB and register, over HTTP/3 and TCP: a process takes memory for its first work
 * and keeps it, whoever it works for.
 *
 * @throws if one of them is refused.
 */
export async function warmUp(target: Target): Promise<void> {
  const endsAtMs = performance.now() + warmUpMs;
  let clients = 0;
  const comeAndGo = async (): Promise<void> => {
    while (performance.now() < endsAtMs) {
      const number = clients++;
      // They come from everywhere, as one address may not come that often.
      if (!(await isServed(target, `127.0.1.${1 + (number % 250)}`)))
        throw new Error(`honest client ${number} was refused`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, comeAndGo));
}

async function isServed(target: Target, from: string): Promise<boolean> {
  return (
    (await visitTcp(target, from)) !== undefined &&
    (await visitHttp3(target, from)) !== undefined &&
    (await uploadTcp(target, from)) &&
    (await uploadHttp3(target, from)) &&
    (await register(target, from, from))
  );
}
