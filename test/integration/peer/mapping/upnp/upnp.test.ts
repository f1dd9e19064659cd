import { describe, expect, it } from "vitest";
import type { RouterExchange } from "../../../../../src/peer/mapping/exchange.ts";
import { Upnp } from "../../../../../src/peer/mapping/upnp/upnp.ts";
import { FakeIgd } from "./fake-igd.ts";

const { signal } = new AbortController();
const mapping = { nonce: new Uint8Array(12), internalPort: 4433 };

/** Loopback addresses that no other test uses. */
let lastHost = 0;

async function setUp(): Promise<{ igd: FakeIgd; upnp: Upnp; exchange: RouterExchange }> {
  const igd = new FakeIgd(`127.53.19.${(lastHost += 1)}`);
  await igd.start();
  const exchange = {
    router: igd.address,
    localAddress: "127.0.0.1",
    ask: () => Promise.resolve(undefined),
    close: () => undefined,
  };
  return { igd, upnp: new Upnp(), exchange };
}

function mapped(port: number): object {
  const address = { address: "203.0.113.9", port };
  return { kind: "granted", epochSeconds: 0, lifetimeSeconds: 7200, address };
}

function addedTo(port: string, seconds: string): string[] {
  return ["AddPortMapping", "", port, "UDP", "4433", "127.0.0.1", "1", "quicpipe", seconds];
}

describe("a mapping by UPnP", () => {
  it("is of the same port if that is free, and given back once", async () => {
    const { igd, upnp, exchange } = await setUp();
    await upnp.unmap();
    expect(await upnp.map(exchange, mapping, signal)).toEqual(mapped(4433));
    await upnp.unmap();
    await upnp.unmap();
    expect(igd.called).toEqual([
      ["GetExternalIPAddress"],
      addedTo("4433", "7200"),
      ["DeletePortMapping", "", "4433", "UDP"],
    ]);
  });

  it("is for good where the router knows no lifetimes", async () => {
    const { igd, upnp, exchange } = await setUp();
    igd.fail = (_, values) => (values.at(-1) === "7200" ? 725 : undefined);
    expect(await upnp.map(exchange, mapping, signal)).toEqual(mapped(4433));
    expect(igd.called.slice(1)).toEqual([addedTo("4433", "7200"), addedTo("4433", "0")]);
  });

  it("is of another port where the first is taken, of three at most", async () => {
    const { igd, upnp, exchange } = await setUp();
    igd.fail = (_, values) => (values[1] === "4433" ? 718 : undefined);
    expect(await upnp.map(exchange, mapping, signal)).toEqual(mapped(Number(igd.called.at(-1)![2])));
    igd.called.length = 0;
    igd.fail = (name) => (name === "AddPortMapping" ? 718 : undefined);
    expect(await upnp.map(exchange, mapping, signal)).toMatchObject({ reason: "no-resources" });
    expect(igd.called).toHaveLength(1 + 3);
  });

  it("has a reason where the router refuses", async () => {
    const { igd, upnp, exchange } = await setUp();
    igd.fail = (name) => (name === "AddPortMapping" ? 606 : undefined);
    expect(await upnp.map(exchange, mapping, signal)).toMatchObject({ reason: "not-authorized" });
  });

  it("is known to be there, or lost", async () => {
    const { igd, upnp, exchange } = await setUp();
    await upnp.map(exchange, mapping, signal);
    expect(await upnp.look(exchange)).toEqual({ kind: "state", epochSeconds: 0 });
    igd.fail = () => 714;
    expect(await upnp.look(exchange)).toEqual({ kind: "lost" });
  });
});

describe("the description of a router of UPnP", () => {
  it("is not read anywhere else", async () => {
    const { igd, upnp, exchange } = await setUp();
    const other = await setUp();
    let asked = 0;
    other.igd.describe = (response) => {
      asked++;
      response.end();
    };
    igd.describe = (response) => response.writeHead(302, { location: other.igd.location }).end();
    expect(await upnp.find(exchange)).toBeUndefined();
    igd.location = other.igd.location;
    expect(await upnp.find(exchange)).toBeUndefined();
    expect(asked).toBe(0);
  });

  it.each([
    ["longer than 64 KiB", "x".repeat(64 * 1024)],
    ["never at its end", ""],
  ])("does not count if it is %s", async (_, more) => {
    const { igd, upnp, exchange } = await setUp();
    igd.describe = (response) => {
      response.write(
        "<service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>" +
          `<controlURL>/control</controlURL></service>${more}`,
      );
      if (more) response.end();
    };
    expect(await upnp.find(exchange)).toBeUndefined();
  });
});
