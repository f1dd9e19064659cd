import { get } from "node:https";
import { json } from "node:stream/consumers";
import { expect, it } from "vitest";
import { User } from "../harness/user.ts";

/** Asks a relay with a development certificate, over HTTP/1.1. */
async function ask(url: string): Promise<readonly [status: number | undefined, body: unknown]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly [number | undefined, unknown]>();
  const request = get(url, { rejectUnauthorized: false }, (response) => {
    json(response).then((body) => resolve([response.statusCode, body]), reject);
  });
  request.on("error", reject);
  return await promise;
}

it("quicpipe relay has its probes at the root, over TCP", async () => {
  const { url, child } = await new User().startRelay();
  await child.prints(/console at/);
  for (const path of ["/healthz", "/readyz"]) expect(await ask(url + path)).toEqual([200, { status: "ok" }]);
});
