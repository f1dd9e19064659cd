import { describe, expect, it } from "vitest";
import * as defaults from "../../../src/defaults/index.ts";
import { instanceOf } from "../../../src/peer/instance.ts";
import { requireInstance } from "../../../src/plugin/http/request-fields.ts";

const bob = { privateKey: "bob's key" };
const name = (identity = bob, relay = "relay.example") => instanceOf(identity, relay, defaults.keepaliveMs)!;

describe("the names of a peer's process", () => {
  it("are those that a relay takes", () => {
    const own = name();
    expect(requireInstance(own)).toEqual(own);
  });

  it("have the holder in common with another process of the same key at the same relay, and nothing else", () => {
    const [first, second] = [name(), name()];
    expect(second.holder).toBe(first.holder);
    expect(second.run).not.toBe(first.run);
    expect(name({ privateKey: "eve's key" }).holder).not.toBe(first.holder);
    expect(name(bob, "other.example").holder).not.toBe(first.holder);
  });

  it("are told by no peer whose keepalives are so rare that it would be taken for dead", () => {
    expect(instanceOf(bob, "relay.example", defaults.keepaliveMs + 1)).toBeUndefined();
    expect(2 * defaults.keepaliveMs).toBeLessThanOrEqual(defaults.silentRunMs);
  });
});
