import { describe, expect, it } from "vitest";
import { missingPrivilege, missingSupport } from "../../../src/xdp/support.ts";
import { neededCapabilities } from "./fakes.ts";

const sysAdmin = 1n << 21n;
const bpf = 1n << 39n;

describe("missingPrivilege", () => {
  it.each([
    ["nothing", 0n, "needs CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON"],
    ["CAP_BPF", bpf, "needs CAP_NET_ADMIN and CAP_PERFMON"],
    ["all but CAP_BPF", neededCapabilities ^ bpf, "needs CAP_BPF"],
    ["all three", neededCapabilities, undefined],
    ["CAP_SYS_ADMIN alone, which stands in for them", sysAdmin, undefined],
  ])("looks at what is held: %s", (_, capabilities, missing) => {
    expect(missingPrivilege({ capabilities, isInUserNamespace: false })).toBe(missing);
  });

  it("does not count what is held in a user namespace", () => {
    expect(missingPrivilege({ capabilities: neededCapabilities, isInUserNamespace: true })).toBe(
      "runs in a user namespace, where capabilities do not count for BPF",
    );
  });
});

describe("missingSupport", () => {
  it.each([
    ["5.14.0", true],
    ["5.14-rc1", true],
    ["5.15.0-91-generic", true],
    ["6.1.0-28-amd64", true],
    ["10.0", true],
    ["5.13.19", false],
    ["5.4.0", false],
    ["4.19.0", false],
    ["no version", false],
  ])("accepts the kernel %s: %s", (kernelRelease, isSupported) => {
    const missing = isSupported ? undefined : `needs Linux 5.14, and this is ${kernelRelease}`;
    expect(missingSupport({ platform: "linux", kernelRelease })).toBe(missing);
  });
});
