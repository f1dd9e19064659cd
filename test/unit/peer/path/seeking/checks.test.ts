import { beforeEach, describe, expect, it } from "vitest";
import * as defaults from "../../../../../src/defaults/index.ts";
import { type CheckOwner, PathChecks } from "../../../../../src/peer/path/seeking/checks.ts";
import type { CheckCredential } from "../../../../../src/peer/path/seeking/credential.ts";
import type { Address } from "../../../../../src/wire/address.ts";
import { encodeCheck, parseCheck, parseCheckAnswer } from "../../../../../src/wire/stun-check.ts";

const aliceAt: Address = { address: "192.0.2.1", port: 1111 };
const bobAt: Address = { address: "192.0.2.2", port: 2222 };

function credential(tag: string): CheckCredential {
  return { tag, secret: new Uint8Array(32).fill(tag.charCodeAt(0)) };
}

/** A peer with one connection, at an address. */
class Party {
  readonly sent: { datagram: Uint8Array; to: Address | undefined; ttl: number | undefined }[] = [];
  readonly tags: Set<string> = new Set();
  checked: readonly Address[] = [];
  isDirect = false;
  readonly checks: PathChecks = new PathChecks({
    send: (datagram, to, ttl) => void this.sent.push({ datagram, to, ttl }),
    isDirect: () => this.isDirect,
    strangers: {
      addTag: (tag) => void this.tags.add(tag),
      removeTag: (tag) => void this.tags.delete(tag),
      setChecked: (addresses) => void (this.checked = addresses),
    },
  });
  readonly heard: string[] = [];
  mayAnswer = true;
  withheld = { targets: 0, rounds: 0, checks: 0, talks: 0 };
  readonly owner: CheckOwner;

  isProven = false;

  constructor(tag: string, otherTag: string) {
    const withheld = (): typeof this.withheld => this.withheld;
    this.owner = {
      get withheld() {
        return withheld();
      },
      own: credential(tag),
      other: credential(otherTag),
      isProven: () => this.isProven,
      permits: () => this.mayAnswer,
      onCheck: ({ port }, isNominated) =>
        void this.heard.push(`check from ${port}${isNominated ? ", nominated" : ""}`),
      onAnswer: ({ port }, sentAtMs) => void this.heard.push(`answer of ${port}, asked at ${sentAtMs}`),
    };
  }
}

let alice: Party;
let bob: Party;

beforeEach(() => {
  alice = new Party("alice---", "bob-----");
  bob = new Party("bob-----", "alice---");
  alice.checks.add(alice.owner);
  bob.checks.add(bob.owner);
});

/** Has alice check bob, and returns the datagram. */
function check(isNominated = false): Uint8Array {
  alice.checks.send(alice.owner, bobAt, isNominated, 5);
  return alice.sent.at(-1)!.datagram;
}

describe("a check", () => {
  it("is answered to where it came from, and the answer comes back to its sender", () => {
    bob.checks.receive(check(), aliceAt);
    expect(bob.heard).toEqual(["check from 1111"]);
    expect(bob.sent[0]!.to).toEqual(aliceAt);
    alice.checks.receive(bob.sent[0]!.datagram, bobAt);
    expect(alice.heard).toEqual(["answer of 2222, asked at 5"]);
  });

  it("passes four routers at most if it is an opener, and is answered if it arrives", () => {
    bob.checks.receive(check(), aliceAt);
    alice.checks.send(alice.owner, bobAt, false, 5, true);
    bob.checks.receive(alice.sent[1]!.datagram, aliceAt);
    expect([alice.sent.map(({ ttl }) => ttl), bob.sent.map(({ ttl }) => ttl)]).toEqual([
      [undefined, 5],
      [undefined, undefined],
    ]);
  });

  it("whose answer nobody waits for is one like any other to the other side", () => {
    const made = [alice.checks.make(alice.owner), alice.checks.make(alice.owner)];
    for (const datagram of made) bob.checks.receive(datagram, aliceAt);
    expect([bob.heard, alice.checked]).toEqual([["check from 1111", "check from 1111"], []]);
    alice.checks.receive(bob.sent[0]!.datagram, bobAt);
    expect(alice.heard).toEqual([]);
  });

  it("is known by its tag and its integrity", () => {
    const datagram = alice.checks.make(alice.owner);
    expect([
      bob.checks.isCheckOf(bob.owner, datagram),
      alice.checks.isCheckOf(alice.owner, datagram),
    ]).toEqual([true, false]);
    const forged = encodeCheck({
      ...parseCheck(datagram)!,
      secret: new Uint8Array(32),
    });
    expect([forged, Buffer.of(1)].some((each) => bob.checks.isCheckOf(bob.owner, each))).toBe(false);
  });

  it("tells the other side where it was seen", () => {
    const datagram = check(true);
    bob.checks.receive(datagram, aliceAt);
    const { transactionId } = parseCheck(datagram)!;
    const answer = parseCheckAnswer(bob.sent[0]!.datagram, { transactionId, secret: bob.owner.own.secret });
    expect(answer).toEqual(aliceAt);
    expect(bob.heard).toEqual(["check from 1111, nominated"]);
  });

  it.each<[string, () => Uint8Array]>([
    ["under another secret", () => encodeCheck({ ...parseCheck(check())!, secret: new Uint8Array(32) })],
    ["cut short", () => check().subarray(0, 40)],
    ["empty", () => new Uint8Array()],
    [
      "for a tag that nobody has",
      () => Buffer.from(Buffer.from(check()).toString("latin1").replace("bob-----", "eve-----"), "latin1"),
    ],
  ])("%s gets no answer", (_, make) => {
    bob.checks.receive(make(), aliceAt);
    expect(bob.sent).toEqual([]);
    expect(bob.heard).toEqual([]);
  });

  it("from an address that nothing may be sent to gets no answer", () => {
    bob.mayAnswer = false;
    bob.checks.receive(check(), aliceAt);
    expect(bob.sent).toEqual([]);
    expect(bob.heard).toEqual([]);
  });
});

describe("a check that was seen by others", () => {
  it("is answered once, wherever it comes from again, and counted", () => {
    const datagram = check();
    bob.checks.receive(datagram, aliceAt);
    for (const port of [9, 1111]) bob.checks.receive(datagram, { address: "203.0.113.9", port });
    expect(bob.sent).toHaveLength(1);
    expect(bob.heard).toEqual(["check from 1111"]);
    expect(bob.checks.refused).toBe(2);
  });

  it("has no effect under a tag that is known and a secret that is not, however often", () => {
    const forged = encodeCheck({ ...parseCheck(check())!, secret: new Uint8Array(32) });
    for (let i = 0; i < 500; i++) bob.checks.receive(forged, aliceAt);
    bob.checks.receive(check(), aliceAt);
    expect(bob.sent).toHaveLength(1);
  });
});

describe("checks in a flood", () => {
  it("of others leave those of an address that answers their room", () => {
    for (let i = 0; i < 150; i++) bob.checks.receive(check(), aliceAt);
    const before = bob.sent.length;
    bob.isProven = true;
    bob.checks.receive(check(), aliceAt);
    expect(bob.sent).toHaveLength(before + 1);
  });

  it("are answered 100 at once, and each that is not is counted", () => {
    for (let i = 0; i < 150; i++) bob.checks.receive(check(), aliceAt);
    expect(bob.sent.length).toBeGreaterThanOrEqual(100);
    expect(bob.sent.length).toBeLessThan(120);
    expect(bob.sent.length + bob.checks.refused).toBe(150);
  });
});

describe("what limits withhold", () => {
  it("is counted for all connections, and for each once when it has ended", () => {
    const remove = alice.checks.add(bob.owner);
    alice.withheld = { targets: 1, rounds: 2, checks: 3, talks: 1 };
    bob.withheld = { targets: 10, rounds: 20, checks: 30, talks: 0 };
    const all = { targets: 11, rounds: 22, checks: 33, talks: 1 };
    expect(alice.checks.withheld).toEqual(all);
    for (const _ of [1, 2]) remove();
    expect(alice.checks.withheld).toEqual(all);
  });
});

describe("an answer", () => {
  it("from elsewhere than the check went to counts for nothing", () => {
    bob.checks.receive(check(), aliceAt);
    alice.checks.receive(bob.sent[0]!.datagram, { ...bobAt, port: 2223 });
    expect(alice.heard).toEqual([]);
  });

  it("counts once", () => {
    bob.checks.receive(check(), aliceAt);
    for (let i = 0; i < 2; i++) alice.checks.receive(bob.sent[0]!.datagram, bobAt);
    expect(alice.heard).toHaveLength(1);
  });

  it("after the end of the connection counts for nothing", () => {
    const remove = alice.checks.add(alice.owner);
    bob.checks.receive(check(), aliceAt);
    remove();
    alice.checks.receive(bob.sent[0]!.datagram, bobAt);
    expect(alice.heard).toEqual([]);
    expect([...alice.tags]).toEqual([]);
    expect(alice.checked).toEqual([]);
  });

  it("that comes after 3 s counts for nothing", () => {
    const datagram = check();
    bob.checks.receive(datagram, aliceAt);
    alice.checks.send(alice.owner, aliceAt, false, 5 + defaults.checkLifeMs);
    alice.checks.receive(bob.sent[0]!.datagram, bobAt);
    expect(alice.heard).toEqual([]);
  });
});

describe("the socket", () => {
  it("knows the tags, and where checks went to", () => {
    expect([...alice.tags]).toEqual(["alice---"]);
    check();
    expect(alice.checked).toEqual([bobAt]);
  });

  it("is not told of an address that it takes everything from", () => {
    alice.isDirect = true;
    check();
    expect(alice.checked).toEqual([]);
  });

  it("is told of no more than 1024 addresses", () => {
    for (let port = 1; port <= defaults.maxPendingChecks + 10; port++)
      alice.checks.send(alice.owner, { ...bobAt, port }, false, 5);
    expect(alice.checked.length).toBeLessThanOrEqual(defaults.maxPendingChecks);
  });
});
