import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { searchGapMs, searchSockets, searchTries, searchWaitMs } from "../../../../../src/defaults/index.ts";
import { loadEngine } from "../../../../../src/peer/engine/engine.ts";
import type { CandidateList, ControlMessage } from "../../../../../src/peer/path/control/messages.ts";
import { BirthdaySearch } from "../../../../../src/peer/path/searching/birthday.ts";
import { createCheckLimit } from "../../../../../src/peer/path/seeking/checklist.ts";
import type { CheckOwner } from "../../../../../src/peer/path/seeking/checks.ts";
import { SearchGate } from "../../../../../src/peer/path/searching/gate.ts";
import { PeerSocket } from "../../../../../src/peer/socket.ts";
import type { Address } from "../../../../../src/wire/address.ts";
import { encodeStun, stunType } from "../../../../../src/wire/stun.ts";
import { watchPorts } from "../../../harness/udp-peer.ts";

const loopback = "127.0.0.1";
const opener = Buffer.from("opener");
const done: ControlMessage = { type: "punch", round: 0, mode: "search" };

afterEach(() => void vi.useRealTimers());

/** A check of the other side's, which is told by its number. */
function checkOf(number: number): Buffer {
  const transactionId = Buffer.alloc(12, number);
  return Buffer.from(encodeStun({ type: stunType.request, transactionId, attributes: [] }));
}

/** A search of the side whose NAT chooses ports at random, the other side's socket, and what comes there and is done. */
async function setUp(): Promise<{
  search: BirthdaySearch;
  own: PeerSocket;
  at: Address;
  ports: number[];
  said: ControlMessage[];
  received: number[];
  send: (check: number, port: number) => void;
}> {
  const { socket, at, ports } = await watchPorts();
  const relay = { address: loopback, port: 9 };
  const own = await PeerSocket.bind({ host: loopback, port: 0, relay }, loadEngine());
  onTestFinished(() => own.close());
  const [said, received]: [ControlMessage[], number[]] = [[], []];
  const theirs: CandidateList = {
    type: "candidates",
    generation: 1,
    candidates: [{ kind: "reflexive", address: at }],
    nat: { kind: "endpoint-independent" },
  };
  const search: BirthdaySearch = new BirthdaySearch({
    gate: new SearchGate(),
    limit: createCheckLimit(performance.now()),
    socket: own,
    owner: {} as CheckOwner,
    otherPin: "pin",
    control: { send: (message) => void said.push(message) },
    nat: { report: { kind: "random" } },
    isWanted: () => true,
    isSilent: () => true,
    isTarget: () => true,
    theirs: () => theirs,
    onOver: () => void search.begin(performance.now()),
    checks: {
      make: () => opener,
      isCheckOf: (_owner, datagram) => datagram.length === checkOf(0).length,
      receive: (datagram) => void received.push(datagram[8]!),
      send: () => undefined,
    },
  });
  onTestFinished(() => search.close());
  const send = (check: number, port: number): void => socket.send(checkOf(check), port, loopback);
  return { search, own, at, ports, said, received, send };
}

/** The same, once its sockets are open. */
async function open(): Promise<Awaited<ReturnType<typeof setUp>> & { all: readonly number[] }> {
  const rig = await setUp();
  expect(rig.search.begin(performance.now())).toBe(true);
  await expect.poll(() => rig.said).toEqual([done]);
  await expect.poll(() => new Set(rig.ports).size).toBe(searchSockets);
  const all = [...rig.ports];
  rig.ports.length = 0;
  return { ...rig, all };
}

describe("the side whose NAT chooses ports at random", () => {
  it("opens 256 sockets, invites the other one, and sends from the port to which a check has come", async () => {
    const { search, own, at, ports, received, send, all } = await open();
    expect([search.begin(performance.now()), received]).toEqual([true, []]);
    send(1, all[0]!);
    await expect.poll(() => received).toEqual([1]);
    own.send(Buffer.of(1), at);
    search.answered(at);
    own.send(Buffer.of(1), at);
    search.close();
    own.send(Buffer.of(1), at);
    await expect.poll(() => ports).toEqual([all[0], all[0], own.local.port]);
  });

  it("tries the next port where the first one has no answer, and takes no check twice", async () => {
    const { search, own, at, ports, received, send, all } = await open();
    for (const port of all.slice(0, 3)) send(1, port);
    await expect.poll(() => received).toEqual([1]);
    send(2, all[9]!);
    await expect.poll(() => received, { timeout: 5000 }).toEqual([1, 2]);
    search.answered(at);
    own.send(Buffer.of(1), at);
    await expect.poll(() => ports).toEqual([all[9]]);
  });

  it("gives the ports back where another address answers", async () => {
    const { search, own, at, ports, received, send, all } = await open();
    send(1, all[0]!);
    await expect.poll(() => received).toEqual([1]);
    search.answered({ ...at, port: 1 });
    own.send(Buffer.of(1), at);
    await expect.poll(() => ports).toEqual([own.local.port]);
    expect(own.isDirect(at)).toBe(false);
  });

  it("gives the port back that was found when the network changes, or once packets leave it", async () => {
    const { search, own, at, ports, received, send, all } = await open();
    send(1, all[0]!);
    await expect.poll(() => received).toEqual([1]);
    search.answered(at);
    search.left();
    search.moved(at);
    own.send(Buffer.of(1), at);
    search.left();
    own.send(Buffer.of(1), at);
    await expect.poll(() => ports).toEqual([all[0], own.local.port]);
  });

  it("tries again each minute where the other one does not do its part, three times", async () => {
    vi.useFakeTimers({
      toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"],
    });
    const { search, said } = await setUp();
    search.begin(performance.now());
    await vi.advanceTimersByTimeAsync(searchGapMs / 2);
    for (let tries = 1; tries < 9; tries++) {
      expect(said).toHaveLength(Math.min(tries, searchTries));
      await vi.advanceTimersByTimeAsync(searchGapMs);
    }
  });

  it("has no other search in 10 minutes once the other one does its part", async () => {
    vi.useFakeTimers({
      toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"],
    });
    const { search, said } = await setUp();
    search.begin(performance.now());
    await vi.advanceTimersByTimeAsync(searchWaitMs);
    search.invited(performance.now());
    await vi.advanceTimersByTimeAsync(5 * searchGapMs);
    expect(said).toEqual([done]);
  });
});
