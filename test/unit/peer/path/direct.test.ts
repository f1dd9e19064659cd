import { unknownNat } from "../../../../src/peer/nat/report.ts";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import * as defaults from "../../../../src/defaults/index.ts";
import type { EngineConnection, EnginePath } from "../../../../src/peer/engine/contract.ts";
import { ControlStream } from "../../../../src/peer/path/control/control-stream.ts";
import { MessageReader } from "../../../../src/peer/path/control/message-reader.ts";
import { type ControlMessage, encodeMessage } from "../../../../src/peer/path/control/messages.ts";
import { DirectPaths, relayPath } from "../../../../src/peer/path/direct.ts";
import type { ConnectionPathEvent } from "../../../../src/peer/path/path-feed.ts";
import type { DirectPolicy } from "../../../../src/peer/path/policy.ts";
import { PathChecks } from "../../../../src/peer/path/seeking/checks.ts";
import type { PeerSocket } from "../../../../src/peer/socket.ts";
import type { Address } from "../../../../src/wire/address.ts";

const relay: Address = { address: "192.0.2.1", port: 4433 };
const reflexive: Address = { address: "203.0.113.7", port: 5000 };

/** The direct paths of a server's connection, on an engine and a socket that write down what they are told. */
class Rig {
  readonly tags: Set<string> = new Set();
  readonly events: ConnectionPathEvent[] = [];
  readonly checks: PathChecks;
  readonly paths: DirectPaths;
  abuses = 0;
  relayBytes = 0;
  /** To which anything was sent that is not the relay's. */
  readonly ports: Set<number> = new Set();
  onEvent: (event: ConnectionPathEvent) => void = () => undefined;
  #sent = Buffer.alloc(0);
  #incoming: Buffer;
  readonly #control: ControlStream;

  /** @param early what the other side has said before anybody listens. If that searches for ports, so does this one, behind a NAT that keeps to one. */
  constructor(direct: DirectPolicy, ...early: ControlMessage[]) {
    const birthdaySearch = early.some((message) => message.type === "hello" && message.searches);
    this.#incoming = Buffer.concat(early.map(encodeMessage));
    const engine = this.#engine();
    const socket = this.#socket();
    this.checks = new PathChecks(socket);
    this.#control = new ControlStream(engine, "server", () => undefined);
    this.paths = new DirectPaths({
      role: "server",
      engine,
      socket,
      checks: this.checks,
      control: this.#control,
      direct,
      otherPin: "pin",
      birthdaySearch,
      reflexive: () => reflexive,
      nat: {
        report: birthdaySearch ? { kind: "endpoint-independent" } : unknownNat,
        isSilent: false,
        otherFamily: undefined,
        measure: () => Promise.resolve(undefined),
      },
      mapped: () => [],
      relays: [],
      wake: () => undefined,
      onEvent: (event) => {
        this.events.push(event);
        this.onEvent(event);
      },
      onAbuse: () => this.abuses++,
    });
    onTestFinished(() => this.paths.close());
  }

  /** The messages that this side has written. */
  get said(): ControlMessage[] {
    return new MessageReader(0).push(this.#sent, 0) as ControlMessage[];
  }

  /** How many rounds it has told of. */
  get rounds(): number {
    return this.said.filter(({ type }) => type === "punch").length;
  }

  /** The other side says something. */
  hear(message: ControlMessage): void {
    this.#incoming = Buffer.concat([this.#incoming, encodeMessage(message)]);
    this.#control.read();
  }

  /** The other side says what makes no sense. */
  hearNonsense(): void {
    this.#incoming = Buffer.of(3, 1, 0xc0);
    this.#control.read();
  }

  #engine(): EngineConnection {
    const engine: Partial<EngineConnection> = {
      exportKey: (_label, context, bytes) => new Uint8Array(bytes).fill(context.length),
      streamReceive: (_id, buffer) => {
        const bytes = this.#incoming.copy(buffer);
        this.#incoming = this.#incoming.subarray(bytes);
        return bytes > 0 ? { bytes, fin: false } : undefined;
      },
      streamAbort: () => undefined,
      streamSend: (_id, data) => {
        this.#sent = Buffer.concat([this.#sent, data]);
        return data.length;
      },
      paths: () => [{ id: relayPath, bytesSent: this.relayBytes, bytesReceived: 0 } as EnginePath],
    };
    return engine as EngineConnection;
  }

  #socket(): PeerSocket {
    const socket: Partial<PeerSocket> = {
      relay,
      local: { address: "0.0.0.0", port: 5000 },
      reaches: () => true,
      isDirect: () => false,
      send: (_datagram, to) => void (to && this.ports.add(to.port)),
      strangers: {
        addTag: (tag) => void this.tags.add(tag),
        removeTag: (tag) => void this.tags.delete(tag),
        setChecked: () => undefined,
      },
    };
    return socket as PeerSocket;
  }
}

function hello(policy: DirectPolicy, searches = false): ControlMessage {
  return { type: "hello", version: 1, policy, maxCandidates: 8, searches };
}

function punch(round: number): ControlMessage {
  return { type: "punch", round, mode: "normal" };
}

describe("a side that the other has spoken to before it listens", () => {
  it("says HELLO before all else", () => {
    const rig = new Rig("auto", hello("auto"));
    rig.paths.start();
    expect(rig.said.map(({ type }) => type)).toEqual(["hello", "candidates"]);
  });

  it("leaves nothing behind where that ends the connection at once", () => {
    const rig = new Rig("require", hello("never"));
    rig.onEvent = (): void => rig.paths.close();
    rig.paths.start();
    expect(rig.events).toEqual([{ kind: "refused", reason: "peer-policy" }]);
    expect([...rig.tags]).toEqual([]);
  });

  it("has said nothing, and takes no checks, before it starts", () => {
    const rig = new Rig("auto", hello("auto"));
    expect([rig.said, [...rig.tags]]).toEqual([[], []]);
    rig.paths.close();
  });
});

describe("a policy", () => {
  it("of never tells no address, neither of an interface nor the public one", () => {
    const rig = new Rig("never", hello("auto"), {
      type: "candidates",
      generation: 1,
      candidates: [],
      nat: unknownNat,
    });
    rig.paths.start();
    expect(rig.said).toEqual([{ ...hello("never") }]);
  });
});

describe("a connection that stays on the relay", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("has a round each minute while that carries data, and else each hour", async () => {
    const candidates: ControlMessage = {
      type: "candidates",
      generation: 1,
      candidates: [{ kind: "reflexive", address: { address: "198.51.100.7", port: 5000 } }],
      nat: unknownNat,
    };
    const rig = new Rig("auto", hello("auto"), candidates);
    rig.paths.start();
    const roundsIn = async (minutes: number, bytesPerMinute: number): Promise<number> => {
      const before = rig.rounds;
      for (let passedMs = 0; passedMs < minutes * 60_000; passedMs += 15_000) {
        rig.relayBytes += bytesPerMinute / 4;
        await vi.advanceTimersByTimeAsync(15_000);
        rig.paths.onKeepalive();
      }
      return rig.rounds - before;
    };
    expect([await roundsIn(1, 4000), await roundsIn(10, 4000)]).toEqual([3, 10]);
    // One is due before the next keepalive shows that there is no data.
    expect([await roundsIn(1, 800), await roundsIn(10, 800), await roundsIn(60, 800)]).toEqual([1, 0, 1]);
    expect(await roundsIn(10, 4000)).toBe(10);
  });
});

describe("the other side's messages", () => {
  it("that ask for more rounds than the limit of a minute allows are counted, also when all is over", () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const rig = new Rig("auto", hello("auto"));
    rig.paths.start();
    for (const round of [1, 2, 3, 4, 5, 6]) {
      rig.hear(punch(round));
      vi.advanceTimersByTime(defaults.punchGapMs);
    }
    rig.paths.close();
    expect(rig.checks.withheld).toEqual({ targets: 0, rounds: 2, checks: 0, talks: 0 });
  });

  it("end the talk where they are too many, which is counted, and the connection goes on", () => {
    const rig = new Rig("auto", hello("auto"));
    rig.paths.start();
    for (let round = 1; round < defaults.controlMessagesPerMinute; round++) rig.hear(punch(round));
    expect([rig.checks.withheld.talks, rig.events]).toEqual([0, []]);
    rig.hear(punch(1));
    expect(rig.checks.withheld.talks).toBe(1);
    expect(rig.events).toEqual([{ kind: "refused", reason: "peer-unsupported" }]);
    rig.paths.close();
    expect([rig.checks.withheld.talks, rig.abuses]).toEqual([1, 0]);
  });
});

describe("a search for a port", () => {
  it("begins after a round without an answer, and ends with the talk about paths", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const rig = new Rig("auto", hello("auto", true));
    rig.paths.start();
    rig.hear({
      type: "candidates",
      generation: 1,
      candidates: [{ kind: "reflexive", address: { address: "198.51.100.7", port: 5000 } }],
      nat: { kind: "random" },
    });
    rig.hear({ type: "punch", round: 0, mode: "search" });
    await vi.advanceTimersByTimeAsync(2000);
    expect([rig.ports.size, rig.said.filter(({ type }) => type === "punch").length]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(4000);
    const searched = rig.ports.size;
    expect(searched).toBeGreaterThan(100);
    expect(rig.said).toContainEqual({ type: "punch", round: 0, mode: "search" });
    rig.hearNonsense();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(rig.ports.size).toBe(searched);
  });
});

describe("paths in QUIC", () => {
  it("that the other side opens one after the other are too many after 8", () => {
    const rig = new Rig("auto");
    rig.paths.start();
    for (let id = 1; id <= defaults.pathsAtOnce; id++) {
      rig.paths.onPath({ kind: "opened", id });
      rig.paths.onPath({ kind: "closed", id, by: "other" });
    }
    expect(rig.abuses).toBe(0);
    rig.paths.onPath({ kind: "opened", id: 99 });
    expect(rig.abuses).toBe(1);
  });
});
