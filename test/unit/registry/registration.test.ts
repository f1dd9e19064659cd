import { describe, expect, it, type Mock, vi } from "vitest";
import type { RegistrationObserver } from "../../../src/registry/index.ts";
import { guardObservers, type Registration } from "../../../src/registry/registration.ts";
import { noCounters } from "./fake-forwarder.ts";

const registration: Registration = {
  id: "a",
  subject: "alice",
  ordinal: 1,
  session: 1,
  num: 1,
  address: null,
  registeredAtMs: 0,
  expiresAtMs: 1,
  ttlMs: 1,
};

type Spy = { [Name in keyof RegistrationObserver]: Mock<RegistrationObserver[Name]> };

function createObserver(): Spy {
  return { opened: vi.fn(), moved: vi.fn(), ended: vi.fn() };
}

describe("guardObservers", () => {
  it("notifies every observer of everything", () => {
    const [first, second] = [createObserver(), createObserver()];
    const observer = guardObservers([first, second], vi.fn());
    observer.opened(registration);
    observer.moved(registration);
    observer.ended(registration, "revoked", noCounters);
    for (const { opened, moved, ended } of [first, second]) {
      expect([opened.mock.calls, moved.mock.calls]).toEqual([[[registration]], [[registration]]]);
      expect(ended.mock.calls).toEqual([[registration, "revoked", noCounters]]);
    }
  });

  it("reports the first exception of each method, and lets none through", () => {
    const fault = new TypeError("a bug");
    const broken = createObserver();
    for (const method of Object.values(broken))
      method.mockImplementation(() => {
        throw fault;
      });
    const sound = createObserver();
    const onFault = vi.fn();
    const observer = guardObservers([broken, sound], onFault);
    for (let i = 0; i < 3; i++) {
      observer.opened(registration);
      observer.ended(registration, "expired", noCounters);
    }
    expect(onFault.mock.calls).toEqual([
      ["opened", fault],
      ["ended", fault],
    ]);
    expect(sound.opened).toHaveBeenCalledTimes(3);
  });
});
