import { randomBytes } from "node:crypto";
import { H3 } from "h3";
import { expect, it } from "vitest";
import { post } from "../../../../scripts/hostile/clients/http3-frames.ts";
import { RawHttp3 } from "../../../../scripts/hostile/clients/raw-http3.ts";
import type { RegisterResponse } from "../../../../src/protocol.ts";
import { targetAt, openRawHttp3 } from "../../harness/gateway.ts";
import { startRelay } from "../../harness/relay.ts";
import { openSocket, prove } from "../../harness/udp-peer.ts";

it("a refresh whose body comes late does not take a registration back from where STUN has moved it since", async () => {
  let requests = 0;
  const app = await startRelay(
    {},
    new H3().use(() => void requests++),
  );
  const began = (count: number): Promise<void> => expect.poll(() => requests).toBe(count);
  const target = await targetAt(app);
  const client = await openRawHttp3(target);
  const fields = post("/v1/register", target);
  const body = Buffer.from(JSON.stringify({ key: randomBytes(16).toString("base64"), num: 4 }));
  const registration = async (): Promise<RegisterResponse & { address: string }> =>
    (await Array.fromAsync(app.relay.registrations()))[0] as never;
  const first = client.request(fields, false);
  await began(1);
  client.send(first, body, true);
  expect(await client.status(first)).toBe(200);
  const { id } = await registration();

  const slow = client.request(fields, false);
  await began(2);
  const away = await openSocket();
  const { secret } = JSON.parse(answerOf(client, first)) as RegisterResponse;
  await prove(app, away, { id, secret });
  const moved = `127.0.0.1:${away.address().port}`;
  expect((await registration()).address).toBe(moved);
  client.send(slow, body, true);
  expect(await client.status(slow)).toBe(200);
  expect((await registration()).address).toBe(moved);
});

/** The JSON in an answer. */
function answerOf(client: RawHttp3, id: number): string {
  const frames = Buffer.concat(client.answer(id).bytes).toString("latin1");
  return frames.slice(frames.indexOf("{"), frames.lastIndexOf("}") + 1);
}
