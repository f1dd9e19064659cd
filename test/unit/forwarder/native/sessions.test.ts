import { describe, expect, it } from "vitest";
import type { NativeHandle } from "../../../../src/forwarder/native/addon.ts";
import { NativeSessions } from "../../../../src/forwarder/native/sessions.ts";

type Method = "setUsername" | "setRoutes" | "setAddress" | "setBucket" | "setExpiry";

/** A handle without memory for one call; an unclaimed session has connection IDs of ones. */
function sessionsWithout(failing: Method): {
  readonly sessions: NativeSessions;
  readonly open: Set<number>;
  readonly calls: string[];
} {
  const open = new Set([1]);
  const calls: string[] = [];
  const method = (name: Method) => (): void => {
    calls.push(name);
    if (name === failing) throw Object.assign(new RangeError("no memory"), { code: "ENOMEM" });
  };
  const handle: Partial<NativeHandle> = {
    states: new BigUint64Array(64),
    openSessions: [1],
    sessionOf: (cid) => (cid[0] === 1 ? 1 : -1),
    openSession: () => (open.add(2), 2),
    closeSession: (id) => void open.delete(id),
    isOpen: (id) => open.has(id),
    sessions: 1,
    setUsername: method("setUsername"),
    setRoutes: method("setRoutes"),
    setAddress: method("setAddress"),
    setBucket: method("setBucket"),
    setExpiry: method("setExpiry"),
  };
  return { sessions: new NativeSessions(handle as NativeHandle, 8), open, calls };
}

function specOf(first: number) {
  const address = { address: "192.0.2.1", port: 1 };
  return { cids: new Uint8Array(12).fill(first), address, username: "id", bucket: 0, expiresAtMs: 1 };
}

describe("NativeSessions", () => {
  it("leaves no session open that could not be named", () => {
    const { sessions, open } = sessionsWithout("setUsername");
    expect(() => sessions.open(specOf(2))).toThrow("no memory");
    expect([...open]).toEqual([1]);
    expect(sessions.unclaimed.size).toBe(1);
  });

  it.each(["setUsername", "setRoutes", "setAddress"] as const)(
    "leaves no unclaimed session open that could not be taken over, with no memory for %s",
    (failing) => {
      const { sessions, open } = sessionsWithout(failing);
      expect(() => sessions.open(specOf(1))).toThrow("no memory");
      expect([...open]).toEqual([]);
      expect(sessions.unclaimed.size).toBe(0);
    },
  );

  it("keeps the bucket of a session whose routes find no memory", () => {
    const { sessions, calls } = sessionsWithout("setRoutes");
    const id = sessions.open({ ...specOf(2), address: null });
    expect(() => sessions.update(id, specOf(2))).toThrow("no memory");
    expect(calls).not.toContain("setBucket");
  });
});
