import { expect, it } from "vitest";
import { type Child, projectPath, startChild } from "../harness/child.ts";
import { backends } from "../harness/requirement.ts";

/** Starts a process whose app gets one request to its relay, and which does something `then`. */
function startAsked(backend: string, then: string): Child {
  const program = `
    const { H3 } = await import("h3");
    const { quicpipe } = await import(${JSON.stringify(projectPath("src/index.ts"))});
    const relay = quicpipe({
      host: "::", port: 0, upstream: { port: 9 }, auth: "none", logger: false,
      forwarder: { backend: ${JSON.stringify(backend)} },
    });
    const app = new H3().use(relay);
    const { status } = await app.request("/v1/openapi.json");
    console.log(status, relay.stats().backend);
    ${then}`;
  return startChild(process.execPath, ["--input-type=module", "--eval", program]);
}

it.each(backends())("a relay that a request has opened holds no process: %s", async (backend) => {
  const child = startAsked(backend, "");
  expect([await child.exited, child.stdout()]).toEqual([0, `200 ${backend}\n`]);
});

it.each(backends())(
  "a gateway's client holds no process, where a request has opened the relay: %s",
  async (backend) => {
    const child = startAsked(
      backend,
      `
    const { createSocket } = await import("node:dgram");
    const initial = Buffer.concat([Buffer.from("c30000000108", "hex"), Buffer.alloc(1194)]);
    const client = createSocket("udp4").unref();
    client.send(initial, relay.address().port, "127.0.0.1", () => {
      const look = () => (relay.stats().gateway.clients > 0 ? console.log("client") : setTimeout(look, 10));
      look();
    });`,
    );
    expect([await child.exited, child.stdout()]).toEqual([0, `200 ${backend}\nclient\n`]);
  },
);

it.each(backends())(
  "listen() has a relay hold its process until it is closed, also if a request came first: %s",
  async (backend) => {
    const child = startAsked(
      backend,
      `
    await relay.listen();
    process.once("SIGTERM", () => relay.close());
    setTimeout(() => console.log("held"), 100).unref();`,
    );
    await child.prints(/^held$/m);
    child.process.kill("SIGTERM");
    expect(await child.exited).toBe(0);
  },
);
