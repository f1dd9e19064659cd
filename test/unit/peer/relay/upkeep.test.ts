import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { QuicpipeError } from "../../../../src/errors.ts";
import { RegistrationUpkeep, type UpkeepParts } from "../../../../src/peer/relay/upkeep.ts";
import type { RegisterResponse } from "../../../../src/protocol.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A relay that does as the test says, and remembers what happened. */
function setUp(first: Partial<RegisterResponse> = {}): {
  parts: UpkeepParts;
  log: string[];
  token: { value: string };
  stun: { fault: QuicpipeError | undefined; hangs: boolean };
  http: { fault: QuicpipeError | undefined };
} {
  const log: string[] = [];
  const token = { value: "one" };
  const stun = { fault: undefined as QuicpipeError | undefined, hangs: false };
  const http = { fault: undefined as QuicpipeError | undefined };
  let made = 0;
  const parts: UpkeepParts = {
    relay: {
      register: ({ num, ttlMs }) => {
        log.push(`register ${num} ${ttlMs} with ${token.value}`);
        if (http.fault) return Promise.reject(http.fault);
        return Promise.resolve({
          id: `id${++made}`,
          address: "203.0.113.7:4433",
          relay: "relay.example:4433",
          num,
          expiresAt: "2026-01-01T00:00:00Z",
          secret: `secret${made}`,
          ...first,
        });
      },
      endRegistration: (id) => {
        log.push(`end ${id}`);
        return Promise.resolve();
      },
    },
    bind: ({ username, password }) => {
      log.push(`stun ${username} ${password}`);
      if (stun.hangs) return new Promise(() => undefined);
      return stun.fault
        ? Promise.reject(stun.fault)
        : Promise.resolve({ address: "203.0.113.7", port: 4433 });
    },
    token: () => Promise.resolve(token.value),
    key: new Uint8Array(32),
    num: 32,
    keepaliveMs: 15_000,
  };
  return { parts, log, token, stun, http };
}

const gone = new QuicpipeError("ERR_QUICPIPE_REGISTRATION_NOT_FOUND", "gone");
const silent = new QuicpipeError("ERR_QUICPIPE_RELAY_UNREACHABLE", "silent");

/** Lets two minutes go by, in which another registration always has an answer of that age. Returns when this one asked, in s. */
async function askedAtS(
  first: Partial<RegisterResponse>,
  othersSee: string,
  ageMs: number,
): Promise<number[]> {
  const { parts, log } = setUp(first);
  const startMs = performance.now();
  const asked: number[] = [];
  await RegistrationUpkeep.open({
    ...parts,
    lastSeen: () => ({ address: othersSee, atMs: performance.now() - ageMs }),
    bind: (credential) => {
      asked.push(Math.round((performance.now() - startMs) / 1000));
      return parts.bind(credential);
    },
  });
  await vi.advanceTimersByTimeAsync(130_000);
  expect(log.filter((line) => line.startsWith("stun"))).toHaveLength(asked.length);
  return asked;
}

describe("a registration's upkeep", () => {
  it("keeps it by STUN alone, every 15 seconds, as long as all is well", async () => {
    const { parts, log } = setUp();
    const registration = await RegistrationUpkeep.open(parts);
    await vi.advanceTimersByTimeAsync(46_000);
    expect(log).toEqual(["register 32 120000 with one", ...Array(3).fill("stun id1 secret1")]);
    expect(registration.fault).toBeUndefined();
  });

  describe("beside other registrations of its socket", () => {
    const address = "203.0.113.7:4433";

    it("asks by itself in the second half of its life alone, as long as they are seen at its address", async () => {
      expect(await askedAtS({ ttlMs: 120_000 }, address, 1000)).toEqual([60, 120]);
    });

    const each = [15, 30, 45, 60, 75, 90, 105, 120];

    it("asks at each keepalive if they are seen elsewhere, or were seen half a gap ago", async () => {
      expect(await askedAtS({ ttlMs: 120_000 }, "203.0.113.7:1", 1000)).toEqual(each);
      expect(await askedAtS({ ttlMs: 120_000 }, address, 7500)).toEqual(each);
    });

    it("asks at each keepalive of a relay that does not tell how long it lives", async () => {
      expect(await askedAtS({}, address, 1000)).toEqual(each);
    });
  });

  it("begins earlier where the other peer does everything at the same time, and goes on as usual", async () => {
    const { parts, log } = setUp();
    await RegistrationUpkeep.open({ ...parts, firstKeepaliveMs: 10_000 });
    const stunsAfter = async (ms: number): Promise<number> => {
      await vi.advanceTimersByTimeAsync(ms);
      return log.filter((line) => line.startsWith("stun")).length;
    };
    expect([await stunsAfter(9_999), await stunsAfter(1)]).toEqual([0, 1]);
    expect([await stunsAfter(14_999), await stunsAfter(1)]).toEqual([1, 2]);
  });

  it("proves the address by STUN at once where HTTP could not", async () => {
    const { parts, log } = setUp({ address: null });
    await RegistrationUpkeep.open(parts);
    expect(log).toEqual(["register 32 120000 with one", "stun id1 secret1"]);
  });

  it("starts, once, for a registration that came with another answer", async () => {
    const { parts, log } = setUp();
    const first = await parts.relay.register({ key: "", num: 32 });
    const registration = new RegistrationUpkeep(parts, { ...first, address: null }, "one");
    await Promise.all([registration.start(), registration.start()]);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(log.slice(1)).toEqual(["stun id1 secret1", "stun id1 secret1"]);
  });

  it("ends the registration where that proof fails", async () => {
    const { parts, log, stun } = setUp({ address: null });
    stun.fault = silent;
    await expect(RegistrationUpkeep.open(parts)).rejects.toBe(silent);
    expect(log.at(-1)).toBe("end id1");
  });

  it("makes it again, with the same key, where the relay has forgotten it", async () => {
    const { parts, log, stun } = setUp();
    const registration = await RegistrationUpkeep.open(parts);
    stun.fault = gone;
    const upkeep = registration.keepAlive();
    await vi.advanceTimersByTimeAsync(0);
    stun.fault = undefined;
    await upkeep;
    await registration.keepAlive();
    expect(log.filter((line) => line.startsWith("register"))).toHaveLength(2);
    expect(log.at(-1)).toBe("stun id2 secret2");
    expect(registration.fault).toBeUndefined();
  });

  it("makes it again with a new token", async () => {
    const { parts, log, token } = setUp();
    const registration = await RegistrationUpkeep.open(parts);
    token.value = "two";
    await registration.keepAlive();
    await registration.keepAlive();
    expect(log).toEqual([
      "register 32 120000 with one",
      "register 32 120000 with two",
      "stun id2 secret2",
      "stun id2 secret2",
    ]);
  });

  it("tells when the relay has followed to another address, once", async () => {
    const { parts } = setUp({ address: "203.0.113.7:1111" });
    const moved = vi.fn();
    const registration = await RegistrationUpkeep.open({ ...parts, onMoved: moved });
    await registration.keepAlive();
    await registration.keepAlive();
    expect(moved).toHaveBeenCalledOnce();
  });

  it("is done once at a time", async () => {
    const { parts, log } = setUp();
    const registration = await RegistrationUpkeep.open(parts);
    await Promise.all([registration.keepAlive(), registration.keepAlive()]);
    expect(log.filter((line) => line.startsWith("stun"))).toHaveLength(1);
  });

  it("tells what is wrong, and recovers", async () => {
    const { parts, stun, http } = setUp();
    const registration = await RegistrationUpkeep.open(parts);
    stun.fault = silent;
    http.fault = new QuicpipeError("ERR_QUICPIPE_TOKEN_EXPIRED", "expired");
    await registration.keepAlive();
    expect(registration.fault).toMatchObject({ code: "ERR_QUICPIPE_TOKEN_EXPIRED" });
    stun.fault = undefined;
    await registration.keepAlive();
    expect(registration.fault).toBeUndefined();
  });

  it("suspects the relay when STUN goes unanswered for two seconds", async () => {
    const { parts, stun } = setUp();
    const registration = await RegistrationUpkeep.open(parts);
    stun.hangs = true;
    void registration.keepAlive();
    await vi.advanceTimersByTimeAsync(1900);
    expect(registration.fault).toBeUndefined();
    await vi.advanceTimersByTimeAsync(200);
    expect(registration.fault).toMatchObject({ code: "ERR_QUICPIPE_RELAY_UNREACHABLE" });
  });

  it("registers more connection IDs, and says so once the relay knows them", async () => {
    const { parts, log, stun } = setUp();
    const onGrown = vi.fn();
    const registration = await RegistrationUpkeep.open({ ...parts, onGrown });
    await registration.grow(64);
    expect(log.at(-1)).toBe("register 64 120000 with one");
    expect(onGrown.mock.calls).toEqual([[64]]);
    stun.fault = gone;
    const upkeep = registration.keepAlive();
    await vi.advanceTimersByTimeAsync(0);
    stun.fault = undefined;
    await upkeep;
    expect(log.at(-2)).toBe("register 64 120000 with one");
    expect(onGrown).toHaveBeenCalledOnce();
  });

  it("asks for more connection IDs at each keepalive where the relay refuses them for now", async () => {
    const { parts, log, http } = setUp();
    const [onGrown, onError] = [vi.fn(), vi.fn()];
    const registration = await RegistrationUpkeep.open({ ...parts, onGrown, onError });
    http.fault = new QuicpipeError("ERR_QUICPIPE_CID_QUOTA", "too many");
    await registration.grow(64);
    expect(onError.mock.calls).toEqual([[http.fault]]);
    expect(registration.fault).toBeUndefined();
    http.fault = undefined;
    await vi.advanceTimersByTimeAsync(15_000);
    expect(log.at(-1)).toBe("register 64 120000 with one");
    expect(onGrown.mock.calls).toEqual([[64]]);
  });

  it("halves the growth until the relay allows it, so that all that it allows are used", async () => {
    const { parts, log } = setUp();
    const maxNum = 59;
    const register: UpkeepParts["relay"]["register"] = (request) => {
      const answer = parts.relay.register(request);
      if (request.num <= maxNum) return answer;
      return Promise.reject(new QuicpipeError("ERR_QUICPIPE_NUM_INVALID", `more than ${maxNum}`));
    };
    const onGrown = vi.fn();
    const relay = { ...parts.relay, register };
    const registration = await RegistrationUpkeep.open({ ...parts, relay, onGrown });
    await registration.grow(64);
    expect(log.filter((line) => line.startsWith("register")).map((line) => line.split(" ")[1])).toEqual([
      "32",
      "64",
      "48",
    ]);
    for (const num of [80, 88, 90, 91]) await registration.grow(num);
    expect(onGrown.mock.calls.flat()).toEqual([48, 56, 58, 59]);
    expect(registration.fault).toBeUndefined();
  });

  it("lives on with the connection IDs that the relay allows", async () => {
    const { parts, log, http } = setUp();
    const onError = vi.fn();
    const registration = await RegistrationUpkeep.open({ ...parts, onError });
    http.fault = new QuicpipeError("ERR_QUICPIPE_NUM_INVALID", "64 are too many");
    await registration.grow(64);
    await registration.keepAlive();
    expect(log.filter((line) => line.startsWith("register 64"))).toHaveLength(1);
    expect(onError).not.toHaveBeenCalled();
    expect(registration.fault).toBeUndefined();
  });

  it("stops with the end, which is requested once", async () => {
    const { parts, log } = setUp();
    const registration = await RegistrationUpkeep.open(parts);
    await Promise.all([registration.end(), registration.end()]);
    await vi.advanceTimersByTimeAsync(60_000);
    await registration.keepAlive();
    expect(log).toEqual(["register 32 120000 with one", "end id1"]);
  });
});
