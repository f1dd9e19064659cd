import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { temporaryFolder } from "./harness/folder.ts";
import { ForeignPeer, type Stack, stacks } from "./harness/foreign/peer.ts";
import { acceptedBy, dialedBy, type Kind, type Pair, setUp } from "./harness/foreign/pair.ts";
import { bindPeer, codeOf, nextConnection, roundTrip } from "./harness/peers.ts";
import { itWith } from "./harness/requirement.ts";

const text = randomBytes(50_000).toString("hex");

/** Has 100 kB echoed both ways. */
async function echoBothWays({ foreign, connection }: Pair): Promise<void> {
  await foreign.ask("echo 100000", /echoed 100000,.*/);
  expect((await roundTrip(connection, text)) === text).toBe(true);
}

const names = Object.keys(stacks) as Stack[];
const kinds: readonly Kind[] = ["Ed25519", "ECDSA P-256"];

describe.each(names)("a peer on %s", (stack) => {
  const itHere = itWith(...stacks[stack]);

  itHere.each(kinds)(
    "dials this package's, by pins of %s keys, and hears the end of each echo",
    async (kind) => {
      const { foreign, connection } = await dialedBy(stack, { kind });
      for (let n = 0; n < 10; n++) await foreign.ask("echo 100000", /echoed 100000,.*/);
      foreign.tell("close");
      await connection.closed;
      await foreign.child.prints(/^closed/m);
    },
  );

  itHere.each(kinds)("accepts this package's, by pins of %s keys, and ends each echo", async (kind) => {
    const { foreign, connection } = await acceptedBy(stack, { kind });
    for (let n = 0; n < 10; n++) expect((await roundTrip(connection, text)) === text).toBe(true);
    connection.close();
    await foreign.child.prints(/^closed/m);
  });

  itHere("is told that its key is not trusted", async () => {
    const { relay, theirs, ours } = await setUp({});
    const own = await bindPeer(relay.port, "bob", {
      identity: ours,
      trust: [ours.pin],
      onError: () => undefined,
    });
    void codeOf(nextConnection(own));
    const foreign = await ForeignPeer.dial("bob", {
      stack,
      relay,
      name: "alice",
      identity: theirs,
      pin: ours.pin,
    });
    // RFC 9001 §4.8: bad_certificate.
    await foreign.child.prints(/298|0x12a|bad certificate/i);
  });

  itHere.each([
    ["dialed", dialedBy],
    ["accepted", acceptedBy],
  ] as const)("goes on from another port in the middle of an echo, having %s", async (_, connect) => {
    const pair = await connect(stack);
    const long = randomBytes(2_000_000).toString("hex");
    const trip = roundTrip(pair.connection, long);
    await pair.foreign.move();
    expect((await trip) === long).toBe(true);
    await echoBothWays(pair);
  });
});

describe("a peer on quic-go", () => {
  itWith("go-1.26")("updates keys after 100 packets, and follows this package's updates", async () => {
    const folder = temporaryFolder();
    const pair = await dialedBy("quic-go", { env: { QLOGDIR: folder } });
    for (let n = 0; n < 20; n++) await echoBothWays(pair);
    pair.foreign.tell("close");
    await pair.foreign.child.exited;
    const log = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
    expect(log.join("")).toMatch(/"(?:local|remote)_update"/);
  });
});

describe("a peer on aioquic", () => {
  const itHere = itWith("aioquic");

  itHere.each([
    ["dialer", dialedBy],
    ["accepter", acceptedBy],
  ] as const)("updates keys, being the %s, and follows this package's updates", async (_, connect) => {
    const pair = await connect("aioquic");
    const phase = (): Promise<string> => pair.foreign.ask("keys", /key phase \d/);
    const before = await phase();
    // By itself this package updates its keys within 1000 packets, once.
    while ((await phase()) === before) await echoBothWays(pair);
    const between = await phase();
    // The foreign peer updates again only after an acknowledgement under these keys (RFC 9001 §6.1), which aioquic does not check.
    await echoBothWays(pair);
    pair.foreign.tell("update-keys");
    await echoBothWays(pair);
    expect(await phase()).not.toBe(between);
  });

  itHere.each([
    ["dialer", dialedBy],
    ["accepter", acceptedBy],
  ] as const)("changes its peer's connection ID a hundred times, being the %s", async (_, connect) => {
    const pair = await connect("aioquic");
    const cids = (): number => pair.relay.relay.stats().cids;
    const before = cids();
    for (let last = 0; last < 100;) {
      last = Number(/\d+/.exec(await pair.foreign.ask("change-id", /id \d+/)));
      await pair.foreign.ask("echo 10", /echoed 10,.*/);
    }
    expect(cids() - before).toBeGreaterThanOrEqual(96);
    await echoBothWays(pair);
  });
});

describe("a peer on quiche", () => {
  itWith()("changes its peer's connection ID", async () => {
    const pair = await acceptedBy("quiche");
    await pair.foreign.ask("change-id", /id \d+/);
    await echoBothWays(pair);
  });
});

describe.each(["quic-go", "aioquic"] as const)("an accepter on %s", (stack) => {
  itWith(...stacks[stack])(
    "that wants a Retry gets the dialer's first flight again, with its token",
    async () => {
      const pair = await acceptedBy(stack, { env: { RETRY: "1" } });
      await echoBothWays(pair);
    },
  );
});
