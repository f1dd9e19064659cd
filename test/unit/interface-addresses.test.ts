import { expect, it } from "vitest";
import { interfaceAddresses, systemInterfaces } from "../../src/interface-addresses.ts";

function noDescriptor(): never {
  throw Object.assign(new Error("too many open files"), { code: "EMFILE" });
}

it("A system that cannot tell its interfaces has those of the last time", () => {
  const known = systemInterfaces();
  expect(systemInterfaces(noDescriptor)).toBe(known);
  expect(interfaceAddresses()).toContain("127.0.0.1");
});
