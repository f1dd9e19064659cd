import { expect, it } from "vitest";
import { hookObserver } from "../../../src/plugin/hooks.ts";
import type { RelayHooks } from "../../../src/plugin/index.ts";
import { resolveSettings } from "../../../src/plugin/options/settings.ts";
import type { Registration } from "../../../src/registry/index.ts";

const registration = { id: "r", subject: "alice", address: null, num: 4 } as Registration;
const counters = {} as never;

it("hooks of an app are told of a registration's beginning, moves and end", () => {
  const told: unknown[] = [];
  const hooks: RelayHooks = {
    onRegister: (each) => told.push(["register", each]),
    onMove: (each) => told.push(["move", each]),
    onEnd: (each, reason) => told.push(["end", each, reason]),
  };
  const observer = hookObserver(hooks, () => undefined);
  const moved = { ...registration, address: { address: "2001:db8::1", port: 5, family: 6 } } as Registration;
  observer.opened(registration);
  observer.moved(moved);
  observer.ended(moved, "expired", counters);
  const view = { id: "r", subject: "alice", cids: 4 };
  expect(told).toEqual([
    ["register", { ...view, address: null }],
    ["move", { ...view, address: "[2001:db8::1]:5" }],
    ["end", { ...view, address: "[2001:db8::1]:5" }, "expired"],
  ]);
});

it("hooks that are absent are not called", () => {
  const observer = hookObserver({}, () => undefined);
  observer.opened(registration);
  observer.ended(registration, "ended", counters);
});

it.each([{ onRegister: 5 }, { onBogus: () => undefined }])("hooks that are none are refused: %o", (hooks) => {
  expect(() => resolveSettings({ hooks: hooks as RelayHooks }, {})).toThrow(
    expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID" }),
  );
});

it("a hook whose promise is rejected is reported, and ends nothing", async () => {
  const faults: unknown[] = [];
  const fault = new Error("the database is down");
  const hooks = { onRegister: () => Promise.reject(fault) as never };
  hookObserver(hooks, (...told) => faults.push(told)).opened(registration);
  await new Promise(setImmediate);
  expect(faults).toEqual([["onRegister", fault]]);
});
