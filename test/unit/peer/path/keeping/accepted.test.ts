import { expect, it } from "vitest";
import { Accepted } from "../../../../../src/peer/path/keeping/accepted.ts";
import type { Address } from "../../../../../src/wire/address.ts";

const at = (port: number): Address => ({ address: "192.0.2.2", port });

function setUp(): { accepted: Accepted; done: string[] } {
  const done: string[] = [];
  const accepted = new Accepted({
    accept: ({ port }) => void done.push(`accept ${port}`),
    refuse: ({ port }) => void done.push(`refuse ${port}`),
  });
  return { accepted, done };
}

it("An address is accepted once", () => {
  const { accepted, done } = setUp();
  accepted.add(at(1), undefined);
  accepted.add(at(1), undefined);
  expect(done).toEqual(["accept 1"]);
});

it("Of more than 8 addresses the one that was heard of longest ago is refused, but not the one in use", () => {
  const { accepted, done } = setUp();
  for (let port = 1; port <= 8; port++) accepted.add(at(port), at(1));
  accepted.add(at(2), at(1));
  accepted.add(at(9), at(1));
  accepted.add(at(10), at(1));
  expect(done.filter((line) => line.startsWith("refuse"))).toEqual(["refuse 3", "refuse 4"]);
});

it("Checks alone make 16 addresses a minute accepted", () => {
  const { accepted, done } = setUp();
  for (let port = 1; port <= 100; port++) accepted.offer(at(port), undefined, 0);
  expect(done.filter((line) => line.startsWith("accept"))).toHaveLength(16);
  accepted.offer(at(16), undefined, 0);
  accepted.add(at(200), undefined);
  expect(done.at(-1)).toBe("refuse 9");
  accepted.offer(at(101), undefined, 60_000);
  expect(done).toContain("accept 101");
});
