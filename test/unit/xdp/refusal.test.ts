import { describe, expect, it } from "vitest";
import { attachRefusal } from "../../../src/xdp/refusal.ts";
import { createLink } from "./fakes.ts";

const jumbo = createLink({ mtu: 9000 });
const unknown = createLink({ driver: "r8169", features: undefined });

describe("attachRefusal", () => {
  it.each([
    [
      "ERANGE",
      "native",
      jumbo,
      "an MTU of 9000 is too much for the driver ixgbe with XDP (ERANGE), as is any over 3498",
    ],
    [
      "EINVAL",
      "native",
      jumbo,
      "an MTU of 9000 is too much for the driver ixgbe with XDP (EINVAL), as is any over 3498",
    ],
    ["EINVAL", "generic", jumbo, "the kernel refuses (EINVAL)"],
    ["EINVAL", "native", createLink(), "the kernel refuses (EINVAL)"],
    ["EOPNOTSUPP", "native", unknown, "the driver r8169 has no native XDP"],
    ["EOPNOTSUPP", "native", createLink(), "the driver ixgbe refuses as it is set up now (EOPNOTSUPP)"],
    ["EOPNOTSUPP", "native", createLink({ driver: "", features: undefined }), "its driver has no native XDP"],
    ["EBUSY", "native", createLink(), "another XDP program is attached"],
    ["EEXIST", "generic", createLink(), "another XDP program is attached"],
    ["EPERM", "native", createLink(), "the system does not allow it (EPERM)"],
    ["EIO", "native", createLink(), "the kernel refuses (EIO)"],
  ] as const)("puts %s in %s mode in words", (code, mode, link, words) => {
    expect(attachRefusal(code, mode, link)).toBe(words);
  });
});
