import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { malformedKinds } from "../../../../scripts/hostile/attacks/http3/malformed-requests.ts";
import { get, post } from "../../../../scripts/hostile/clients/http3-frames.ts";
import { RelayProcess } from "../../../../scripts/hostile/relay-process.ts";
import { openRawHttp3 } from "../../harness/gateway.ts";

describe("a request over HTTP/3", () => {
  let relay: RelayProcess;

  beforeAll(async () => {
    relay = await RelayProcess.start("dgram");
  });
  afterAll(() => relay.close());

  it("that cannot be read is answered, whatever is wrong with it", async () => {
    const client = await openRawHttp3(relay.target);
    for (const { name, fields, status } of malformedKinds) {
      const id = client.request(fields(relay.target), true);
      expect([name, await client.status(id)]).toEqual([name, status]);
    }
    expect(relay.logEnd).not.toMatch(/\n\s+at /);
  });

  it("that has a value in UTF-8 is answered", async () => {
    const client = await openRawHttp3(relay.target);
    const id = client.request([...get("/", relay.target), ["x-name", "日本"]], true);
    expect(await client.status(id)).toBe(200);
  });

  it("that goes on after its answer is stopped, and the answer arrives", async ({ signal }) => {
    const client = await openRawHttp3(relay.target);
    const id = client.request(post("/v1/register", relay.target), false);
    const bytes = await client.upload(id, 300e6, signal);
    expect(await client.status(id)).toBe(401);
    expect(client.answer(id).stoppedWith).toBe(0x100);
    expect(bytes).toBeLessThan(50e6);
  });
});
