import { createHook } from "node:async_hooks";
import { expect, it, onTestFinished, vi } from "vitest";
import { hookObserver } from "../../../src/plugin/observers.ts";
import type { HookedRegistration, RelayHooks } from "../../../src/plugin/index.ts";
import { resolveSettings } from "../../../src/plugin/options/settings.ts";
import type { Registration } from "../../../src/registry/index.ts";

const registration = { id: "r", subject: "alice", address: null, num: 4 } as Registration;
const counters = {} as never;

it("hooks of an app are called at a registration's beginning, moves and end", () => {
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

it("hooks that are absent cost no promise and no view of the registration", () => {
  const looked = vi.fn();
  const watched = new Proxy(registration, { get: looked });
  const promises: number[] = [];
  const hook = createHook({ init: (id, type) => void (type === "PROMISE" && promises.push(id)) }).enable();
  onTestFinished(() => void hook.disable());
  const observer = hookObserver({}, () => undefined);
  observer.opened(watched);
  observer.moved(watched);
  observer.ended(watched, "ended", counters);
  expect(promises).toEqual([]);
  expect(looked).not.toHaveBeenCalled();
});

it.each([{ onRegister: 5 }, { onBogus: () => undefined }])("hooks that are none are refused: %o", (hooks) => {
  expect(() => resolveSettings({ hooks: hooks as RelayHooks }, {})).toThrow(
    expect.objectContaining({ code: "ERR_QUICPIPE_OPTION_INVALID" }),
  );
});

it.each([
  [
    "throws",
    (fault: Error): never => {
      throw fault;
    },
  ],
  ["returns a promise that is rejected", (fault: Error) => Promise.reject(fault) as never],
])("a hook that %s is reported by its name, once, and ends nothing", async (_, fail) => {
  const faults: unknown[] = [];
  const fault = new Error("the database is down");
  const hooks: RelayHooks = { onRegister: () => fail(fault), onEnd: () => fail(fault) };
  const observer = hookObserver(hooks, (...told) => faults.push(told));
  for (let i = 0; i < 2; i++) {
    observer.opened(registration);
    observer.ended(registration, "ended", counters);
    await new Promise(setImmediate);
  }
  expect(faults).toEqual([
    ["onRegister", fault],
    ["onEnd", fault],
  ]);
});

it("hooks that are methods of an object keep it as their this", () => {
  class Ledger implements RelayHooks {
    ids: string[] = [];
    onRegister({ id }: HookedRegistration): void {
      this.ids.push(id);
    }
  }
  const ledger = new Ledger();
  hookObserver(ledger, () => undefined).opened(registration);
  expect(ledger.ids).toEqual(["r"]);
});
