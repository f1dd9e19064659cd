import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { stunRepliesPerSecond } from "../../../src/defaults/index.ts";
import { encodeBindingRequest } from "../../../src/wire/stun-binding.ts";
import { describeNative } from "../forwarder/native/rig.ts";
import { call, serveRelay } from "../harness/relay-app.ts";
import { secret, tokenFor } from "../harness/token.ts";
import { openSocket, prove, register } from "../harness/udp-peer.ts";

const hourMs = 3_600_000;

/** The system's clock from now on: it stands, until it is set. */
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

function jumpClock(byMs: number): void {
  vi.setSystemTime(Date.now() + byMs);
}

function clockCases(backend: "dgram" | "native"): void {
  it.each([-hourMs, hourMs])("keeps, renews and moves what is registered (%d ms)", async (byMs) => {
    const app = await serveRelay({ auth: { secret }, forwarder: { backend } });
    const registration = await register(app, "alice", randomBytes(32));
    const [home, away] = [await openSocket(), await openSocket()];
    expect(await prove(app, home, registration)).toMatchObject({ kind: "success" });
    jumpClock(byMs);
    expect(await prove(app, home, registration)).toMatchObject({ kind: "success" });
    expect(await prove(app, away, registration)).toMatchObject({ kind: "success" });
    const token = await tokenFor("alice");
    const { body } = await call("GET", `${app.url}/v1/register`, { token });
    // Users are told by the clock that they have.
    const leftMs = Date.parse(body.registrations[0]!.expiresAt) - Date.now();
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(hourMs + 1000);
  });

  it("refills what a source may send once it was set back", async () => {
    const app = await serveRelay({ auth: { secret }, forwarder: { backend }, stun: "public" });
    const { address, port } = app.relay.address();
    const socket = await openSocket();
    const send = (): void =>
      socket.send(encodeBindingRequest({ transactionId: randomBytes(12) }), port, address);
    send();
    await expect.poll(() => app.relay.stats().stun.answered).toBe(1);
    jumpClock(-hourMs);
    for (let i = 0; i < 2 * stunRepliesPerSecond; i++) send();
    await expect.poll(() => app.relay.stats().stun["rate-limited"]).toBeGreaterThan(0);
    const before = app.relay.stats().stun.answered;
    const another = (): number => {
      send();
      return app.relay.stats().stun.answered;
    };
    await expect.poll(another, { interval: 200 }).toBeGreaterThan(before + 2);
  });
}

describe("the system's clock is set, dgram", () => clockCases("dgram"));
describeNative("the system's clock is set, native", () => clockCases("native"));
