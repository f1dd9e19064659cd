import { describe, expect, it } from "vitest";
import * as defaults from "../../../../src/defaults/index.ts";
import { QuicpipeError } from "../../../../src/errors.ts";
import { Listening } from "../../../../src/peer/relay/listening.ts";
import type { PeerStatus } from "../../../../src/peer/status.ts";
import type { WaitingMessage } from "../../../../src/protocol.ts";

const message: WaitingMessage = {
  id: "a",
  sender: "alice",
  note: null,
  sizes: [1200],
  createdAt: "",
  expiresAt: "",
};

interface Setup {
  readonly listening: Listening;
  /** Seconds that each request was to wait. */
  readonly waits: number[];
  readonly told: PeerStatus[];
  /** Polls, and returns what came or the code of the error. */
  poll(signal?: AbortSignal): Promise<readonly WaitingMessage[] | string>;
}

/** A relay that answers with these, one after the other, and with no message from then on. */
function setUp(answers: (readonly WaitingMessage[] | Error)[], tokenMayChange = true): Setup {
  const [waits, told]: [number[], PeerStatus[]] = [[], []];
  const waiting = async (seconds: number): Promise<readonly WaitingMessage[]> => {
    waits.push(seconds);
    const answer = answers.shift() ?? [];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const listening = new Listening({
    relay: { waiting },
    tokenMayChange,
    onStatus: (status) => told.push(status),
  });
  const poll: Setup["poll"] = (signal = new AbortController().signal) =>
    listening.poll(signal).catch((error: QuicpipeError) => error.code);
  return { listening, waits, told, poll };
}

function away(untrusted = false): QuicpipeError {
  return new QuicpipeError("ERR_QUICPIPE_RELAY_UNREACHABLE", `away ${Math.random()}`, {
    details: { untrusted },
  });
}

const noRelay = new QuicpipeError("ERR_QUICPIPE_RELAY_REFUSED", "no relay", { details: { status: 404 } });
const expired = new QuicpipeError("ERR_QUICPIPE_TOKEN_EXPIRED", "old", { details: { status: 401 } });

describe("a peer that listens", () => {
  it("is idle until it is iterated over, and after its end", async () => {
    const { listening, told, poll } = setUp([]);
    expect(listening.status).toEqual({ state: "idle" });
    await poll();
    listening.close();
    expect(told.map(({ state }) => state)).toEqual(["connecting", "listening", "idle"]);
  });

  it("knows of the relay's first answer at once, and waits long from then on", async () => {
    const { waits, poll } = setUp([]);
    await poll();
    await poll();
    expect(waits).toEqual([0, defaults.pollSeconds, defaults.pollSeconds]);
  });

  it("has what waited already without a second request", async () => {
    const { waits, poll } = setUp([[message]]);
    expect(await poll()).toEqual([message]);
    expect(waits).toEqual([0]);
  });

  it("tells each change once, whatever the text of the error, and has the latest error", async () => {
    const last = away();
    const { listening, told, poll } = setUp([away(), away(), last]);
    for (let i = 0; i < 3; i++) expect(await poll()).toBe("ERR_QUICPIPE_RELAY_UNREACHABLE");
    expect(told.map(({ state }) => state)).toEqual(["connecting", "failing"]);
    expect(listening.status.error).toBe(last);
    await poll();
    expect(told.at(-1)).toEqual({ state: "listening" });
  });

  it("tells apart a relay that is away, one that is not trusted, none at that URL, and a refused token", async () => {
    const { told, poll } = setUp([away(), away(true), noRelay, expired, away()]);
    for (let i = 0; i < 5; i++) await poll();
    expect(told.slice(1).map(({ error }) => [error?.code, error?.details["untrusted"]])).toEqual([
      ["ERR_QUICPIPE_RELAY_UNREACHABLE", false],
      ["ERR_QUICPIPE_RELAY_UNREACHABLE", true],
      ["ERR_QUICPIPE_RELAY_REFUSED", undefined],
      ["ERR_QUICPIPE_TOKEN_EXPIRED", undefined],
      ["ERR_QUICPIPE_RELAY_UNREACHABLE", false],
    ]);
  });

  it("has ended once a token was refused that cannot change", async () => {
    const { listening, poll } = setUp([expired], false);
    await poll();
    expect(listening.status).toEqual({ state: "ended", error: expired });
  });

  it("says what went wrong outside of the relay, such as where the token comes from", async () => {
    const { listening, poll } = setUp([new RangeError("the vault is locked")]);
    expect(await poll()).toBe("ERR_QUICPIPE_INTERNAL");
    expect(listening.status.error?.message).toContain("the vault is locked");
  });

  it("takes the end of the peer for no failure", async () => {
    const { told, poll } = setUp([away()]);
    await poll(AbortSignal.abort());
    expect(told.map(({ state }) => state)).toEqual(["connecting"]);
  });
});
