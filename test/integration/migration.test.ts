import { describe, expect } from "vitest";
import { dialedBy, type Pair } from "./harness/foreign/pair.ts";
import { itWith } from "./harness/requirement.ts";
import { Exchange } from "./peer/programs/exchange.ts";

/** A dialer on quic-go, and bytes that go to it and come back all the while. */
async function setUp(bytesPerSecond: number): Promise<Pair & { exchange: Exchange }> {
  // quic-go marks no packets of a socket that is not the system's own, as those that it migrates to are here.
  const pair = await dialedBy("quic-go", { env: { QUIC_GO_DISABLE_ECN: "true" } });
  const stream = await pair.connection.createBidirectionalStream();
  return { ...pair, exchange: new Exchange(stream, { bytesPerSecond, turnMs: 10 }) };
}

/** Waits until more bytes have come back than were sent by now. */
async function goesOn(exchange: Exchange): Promise<void> {
  const { sent } = exchange.report();
  await expect.poll(() => exchange.report().received).toBeGreaterThan(sent);
}

async function expectComplete(exchange: Exchange): Promise<void> {
  await goesOn(exchange);
  exchange.end();
  await exchange.done;
  const { sent, received, isExact } = exchange.report();
  expect([received, isExact]).toEqual([sent, true]);
}

async function addressOf({ relay }: Pair, name: string): Promise<string> {
  const registrations = await Array.fromAsync(relay.relay.registrations());
  const found = registrations.filter(({ subject }) => subject === name);
  expect(found).toHaveLength(1);
  return found[0]!.address!;
}

describe("a foreign peer that migrates by itself (RFC 9000 §9)", () => {
  itWith("go-1.26")("goes on over the relay from another address, again and again", async () => {
    const { exchange, ...pair } = await setUp(500_000);
    const seen = [await addressOf(pair, "alice")];
    for (let time = 0; time < 3; time++) {
      await goesOn(exchange);
      await pair.foreign.migrate();
      seen.push(await addressOf(pair, "alice"));
    }
    expect(new Set(seen).size).toBe(4);
    await pair.foreign.ask("echo 100000", /echoed 100000,.*/);
    await expectComplete(exchange);
  });

  itWith("go-1.26")("goes on from there where it has left the former address before", async () => {
    // quic-go asks for no new path while what is under way on the old one fills its window.
    const { foreign, exchange } = await setUp(20_000);
    await goesOn(exchange);
    await foreign.leave();
    await expectComplete(exchange);
  });

  itWith("go-1.26")("stays where it is as long as the relay has no proof of the other address", async () => {
    const { foreign, relay, exchange } = await setUp(500_000);
    const dropped = (): number => relay.relay.stats().dropped["source-unregistered"];
    await goesOn(exchange);
    await foreign.tryToMigrate(relay.port, () => dropped() > 2);
    await expectComplete(exchange);
  });

  itWith("go-1.26")("is not heard straight from its socket, and stays on the relay", async () => {
    const { exchange, ...pair } = await setUp(500_000);
    const [, port] = (await addressOf(pair, "bob")).split(":");
    const { foreign, own } = pair;
    await goesOn(exchange);
    await foreign.tryToMigrate(Number(port), () => own.stats().socket.foreign > 2);
    await goesOn(exchange);
    await foreign.migrate();
    await expectComplete(exchange);
  });
});
