import { describe, expect, it } from "vitest";
import { missingPrivilege } from "../../../src/xdp/privileges.ts";
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
