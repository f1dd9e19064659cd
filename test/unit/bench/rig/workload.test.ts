import { describe, expect, it } from "vitest";
import { createConnectionIds, firstSinkPort } from "../../../../bench/rig/workload.ts";
import { unpackConnectionIds } from "../../../../src/wire/connection-id.ts";

describe("the connection IDs of a workload", () => {
  it("name the port of their session, and can be relayed", () => {
    const cids = createConnectionIds({ order: "random", sessions: 3, cidsPerSession: 2 });
    const ports = [...unpackConnectionIds(cids)].map((cid) => (cid[10]! << 8) | cid[11]!);
    const [one, two, three] = [firstSinkPort, firstSinkPort + 1, firstSinkPort + 2];
    expect(ports).toEqual([one, one, two, two, three, three]);
    expect([...unpackConnectionIds(cids)].every((cid) => cid[0]! < 0x80)).toBe(true);
  });
});
