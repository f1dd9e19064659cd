import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as defaults from "../../../src/defaults/index.ts";
import { encodeMessage } from "../../../src/peer/path/control/messages.ts";
import { relayReasons } from "../../../src/peer/path/policy.ts";
import { encodeCheck, encodeCheckAnswer } from "../../../src/wire/stun-check.ts";
import { section } from "./tables.ts";

const text = readFileSync("docs/protocol.md", "utf8").split("### Direct paths\n")[1]!;
const words = text.replaceAll(/\s+/g, " ");

/** The examples, without their blanks. */
const [messages, check, nominated, answer] = [...text.matchAll(/```hex\n([^]*?)\n```/g)].map(
  ([, hex]) => hex!,
);

function wire(hex: string | undefined): string {
  return hex!.replaceAll(/\s/g, "");
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function bytesFrom(first: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => first + index);
}

function seconds(ms: number): number {
  return ms / 1000;
}

const reflexive = { address: "203.0.113.7", port: 51_820 };

describe("the examples of direct paths in docs/protocol.md", () => {
  it("are control messages as they are on the wire", () => {
    const host = { address: "2001:db8::7", port: 51_820 };
    const encoded = [
      encodeMessage({
        type: "hello",
        version: 1,
        policy: "auto",
        maxCandidates: defaults.maxCandidates,
        searches: false,
      }),
      encodeMessage({
        type: "candidates",
        generation: 1,
        candidates: [
          { kind: "host", address: host },
          { kind: "reflexive", address: reflexive },
        ],
        nat: { kind: "sequential", ports: { base: 51_821, step: 1 } },
      }),
      encodeMessage({ type: "punch", round: 1, mode: "normal" }),
      encodeMessage({ type: "path", kind: "direct" }),
      encodeMessage({ type: "path", kind: "relay", reason: "lossy" }),
      encodeMessage({ type: "gone" }),
    ];
    expect(messages!.split("\n").map(wire)).toEqual(encoded.map(hexOf));
  });

  it("are a check, the same with a nomination, and the answer", () => {
    const terms = { transactionId: bytesFrom(0x24, 12), secret: bytesFrom(0x20, 32) };
    const tags = { receiverTag: "bob-Tag_", senderTag: "aliceTag" };
    expect(wire(check)).toBe(hexOf(encodeCheck({ ...terms, ...tags, isNominated: false })));
    expect(wire(nominated)).toBe(hexOf(encodeCheck({ ...terms, ...tags, isNominated: true })));
    expect(wire(answer)).toBe(hexOf(encodeCheckAnswer({ ...terms, address: reflexive })));
  });
});

describe("docs/protocol.md", () => {
  it("numbers the reasons as the messages do", () => {
    const list = /Reasons: ([^.]+)\./.exec(words)![1]!.split(", ");
    expect(list).toEqual(relayReasons.map((reason, index) => `${index + 1} ${reason}`));
    for (const [index, reason] of relayReasons.entries())
      expect(encodeMessage({ type: "path", kind: "relay", reason }).at(-1)).toBe(index + 1);
  });

  it("states the figures of direct paths that are the defaults", () => {
    const { checkPatience, gainToChange, quarantineMs, slowestDirect } = defaults;
    const ladder = defaults.checkLadderMs.join(", ").replace(/, (\d+)$/, " and $1");
    for (const statement of [
      `a port at most ${defaults.maxPortStep} away`,
      `sent up to ${defaults.secondPortRequests} times, 0, 500 and 1500 ms after the first`,
      `It tells ${defaults.portsBefore} steps less`,
      `after ${seconds(defaults.mappingMs)} s without a round`,
      `sends 2 checks, ${defaults.guessLadderMs[1]} ms apart, at each of the ${defaults.guessedPorts} ports`,
      `A port below ${defaults.leastGuessedPort} or above`,
      `${defaults.guessedPorts * defaults.guessLadderMs.length} of its ${defaults.maxRoundChecks} checks`,
      `body of more than ${defaults.maxControlMessageBytes} bytes`,
      `more than 65 536 bytes or ${defaults.controlMessagesPerMinute} messages at once and as many a minute after that`,
      `It looks at ${defaults.candidateListsPerMinute} lists a minute`,
      `At PUNCH it looks every ${defaults.punchGapMs} ms at most`,
      `tells at most ${defaults.maxCandidates}:`,
      `opens ${defaults.searchSockets} more UDP sockets`,
      `sends ${defaults.searchChecks} checks to random ports from ${defaults.leastGuessedPort} on`,
      `no more than ${(defaults.searchStepsPerTurn * 1000) / defaults.searchTurnMs} a second`,
      `that had one within ${defaults.searchRestMs / 60_000} minutes`,
      `may begin it again, ${defaults.searchTries} times within ${defaults.searchRestMs / 60_000} minutes`,
      `waits ${seconds(defaults.searchWaitMs)} s for PUNCH`,
      `takes ${seconds(defaults.searchOpenMs)} s at most`,
      `each of at most ${defaults.maxRoundTargets} addresses ${defaults.checkLadderMs.length} checks, ${ladder} ms after its first`,
      `two addresses are ${defaults.checkPaceMs} ms apart`,
      `by itself ${defaults.roundTimesMs
        .map(seconds)
        .join(", ")
        .replace(/, (\d+)$/, " and $1")} s after the first`,
      `no more than ${defaults.maxRoundsPerMinute} rounds a minute`,
      `at most ${defaults.unprovenChecksPerSecond} checks a second`,
      `once, and within ${seconds(defaults.checkLifeMs)} s`,
      `longer than ${slowestDirect.ofRelay} times that by the relay plus ${slowestDirect.plusMs} ms`,
      `after ${seconds(defaults.dwellMs)} s at the soonest, if that gains at least ${gainToChange.leastMs} ms and a fifth`,
      `IPv6 counts as ${defaults.ipv6HeadStartMs} ms faster`,
      `from R, and from at most ${defaults.maxAcceptedAddresses} others`,
      `within ${checkPatience.trusted.leastMs} ms or ${checkPatience.trusted.roundTrips} round trips`,
      `first ${defaults.settleMs} ms after an address was taken, nor for ${seconds(defaults.reassuredMs)} s`,
      `A check every ${defaults.suspectCheckMs} ms`,
      `each within ${checkPatience.suspect.leastMs} ms or ${checkPatience.suspect.roundTrips} round trips`,
      `no data for ${seconds(defaults.parkAfterMs)} s`,
      `a check every ${seconds(defaults.keepaliveMs)} s for ${defaults.warmMs / 60_000} minutes`,
      `more than ${defaults.mostLoss * 100} % of at least ${defaults.leastPacketsForLoss} packets were lost over ${seconds(defaults.lossWindowMs)} s`,
      `rests for ${seconds(quarantineMs[0])} s, and twice as long after each further time, up to ${quarantineMs[1] / 60_000} minutes`,
    ])
      expect(words).toContain(statement);
    expect([defaults.controlBytesPerMinute, defaults.searchGapMs]).toEqual([65_536, 60_000]);
    expect([gainToChange.share, defaults.missesToLose, defaults.answersToTrust]).toEqual([0.2, 4, 2]);
    expect([defaults.activeRoundMs, defaults.idleRoundMs, defaults.leaveMs]).toEqual([
      60_000, 3_600_000, 1000,
    ]);
  });
});

describe("docs/direct.md", () => {
  it("states how long a search for a port takes that finds none, and with how few sockets", () => {
    const { searchOpenMs, searchSockets, searchSpareSockets, leastSearchSockets, searchWaitMs } = defaults;
    const search = section("direct", "## Search for a port").replaceAll(/\s+/g, " ");
    // One side waits for the other one's part before it does its own.
    expect(searchWaitMs + searchOpenMs).toBeLessThan(45_000);
    expect(search).toContain("45 s at most");
    expect(search).toContain(
      `fewer than ${searchSockets} sockets, the search gives ${searchSpareSockets} of them back, and ends with fewer than ${leastSearchSockets}`,
    );
  });

  it("has a row for every reason, and for no other", () => {
    const rows = [...section("direct", "## Why not").matchAll(/^\| `([a-z-]+)`/gm)].map(([, name]) => name);
    expect(rows).toEqual(relayReasons);
  });
});
