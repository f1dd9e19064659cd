/** The code of docs/delivery.md, word for word. */
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Connection, Peer } from "../../../src/peer/index.ts";
import { projectPath } from "../harness/child.ts";
import { temporaryFolder } from "../harness/folder.ts";
import { bindPeer, codeOf, roundTrip, startPeerRelay, testIdentities, echo } from "../harness/peers.ts";

const page = readFileSync(projectPath("docs/delivery.md"), "utf8");
const samples = [...page.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code!);

interface Carry {
  toText(packets: readonly Uint8Array[]): string;
  toPackets(text: string): Uint8Array[];
}

/** What the samples find around them. */
interface Around {
  readonly peer: Peer;
  readonly pin: string;
  readonly show?: (text: string) => void;
  readonly text?: string;
  readonly pushUrl?: string;
}

function folder(): string {
  mkdirSync(projectPath("build"), { recursive: true });
  return temporaryFolder(projectPath("build"));
}

/** Loads the functions for text, and the sample that has this in it as a function. */
async function load(mark: string): Promise<{ carry: Carry; run: (around: Around) => Promise<Connection> }> {
  const place = folder();
  writeFileSync(
    join(place, "carry.ts"),
    samples.find((code) => code.includes("function toText"))!,
  );
  const sample = samples.find((code) => code.includes(mark) && !code.includes("function toText"))!;
  const program = `import { toPackets, toText } from "./carry.ts";
    void [toPackets, toText];
    export default async ({ peer, pin, show, text, pushUrl }) => { ${sample} return connection; };`;
  writeFileSync(join(place, "sample.mjs"), program);
  const carry = (await import(join(place, "carry.ts"))) as Carry;
  const module = (await import(join(place, "sample.mjs"))) as {
    default: (around: Around) => Promise<Connection>;
  };
  return { carry, run: module.default };
}

/** Alice and bob at a relay. */
async function startPeers() {
  const { port, relay } = await startPeerRelay();
  const ids = await testIdentities();
  const [alice, bob] = [await bindPeer(port, "alice"), await bindPeer(port, "bob")];
  return { relay, alice, bob, ids };
}

describe("first packets that are delivered by other ways", () => {
  it("connect two peers as text, which has as many characters as it says, without the mailbox", async () => {
    const { relay, alice, bob, ids } = await startPeers();
    const [dialing, accepting] = [await load("show("), await load("peer.accept(")];
    const shown = Promise.withResolvers<string>();
    const dial = dialing.run({ peer: alice, pin: ids.bob.pin, show: shown.resolve });
    const text = await shown.promise;
    expect(text).toHaveLength(1600);
    expect(dialing.carry.toPackets(text).map(({ length }) => length)).toEqual([1200]);
    const far = await accepting.run({ peer: bob, pin: ids.alice.pin, text: `  ${text}\n` });
    void echo(far).catch(() => undefined);
    expect(await roundTrip(await dial, "hello")).toBe("hello");
    expect(relay.stats().mailbox).toMatchObject({ taken: 0, queued: 0 });
  });

  it("are refused where half of the text is missing", async () => {
    const { bob, ids } = await startPeers();
    const { run, carry } = await load("peer.accept(");
    const text = carry.toText([new Uint8Array(1200)]).slice(0, 800);
    expect(await codeOf(run({ peer: bob, pin: ids.alice.pin, text }))).toBe("ERR_QUICPIPE_INITIAL_INVALID");
  });

  it("connect two peers by a push service, and tell what that says", async () => {
    const { alice, bob, ids } = await startPeers();
    const [pushing, accepting] = [await load("pushUrl"), await load("peer.accept(")];
    const pushed = Promise.withResolvers<string>();
    let status = 201;
    const service = createServer((request, response) => {
      void readText(request).then(pushed.resolve);
      response.writeHead(status).end();
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void service.close());
    await once(service, "listening");
    const pushUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const dial = pushing.run({ peer: alice, pin: ids.bob.pin, pushUrl });
    const far = await accepting.run({ peer: bob, pin: ids.alice.pin, text: await pushed.promise });
    void echo(far).catch(() => undefined);
    expect(await roundTrip(await dial, "hello")).toBe("hello");
    status = 503;
    await expect(pushing.run({ peer: alice, pin: ids.bob.pin, pushUrl })).rejects.toThrow(
      "the push service answers 503",
    );
  });
});
